package io.unsealfs.mount.jnr;

import com.kenai.jffi.MemoryIO;
import io.unsealfs.mount.Errno;
import io.unsealfs.mount.FuseAdapter;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.Operation;
import io.unsealfs.mount.point.Roster;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.FileTree;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.BaseStruct;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import jnr.ffi.provider.jffi.ClosureHelper;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * The table of functions that libfuse calls, filled with ours.
 *
 * <p><b>Why not jnr-fuse's own callbacks.</b> They hand over every path as a {@code String}, made
 * with the JVM's default character set: a byte that is not valid UTF-8 becomes U+FFFD, the file
 * cannot be found, and two files can become one. Linux names are bytes. So this class takes
 * jnr-fuse's struct layouts and filler type, but fills the memory of {@link FuseOperations} with
 * function pointers of its own signatures ({@link NativeSignatures}), in which a path is a {@link
 * Pointer} whose bytes are copied up to the NUL.
 *
 * <p>Read and directory callbacks go by handle only; libfuse is told so ({@code flag_nopath}) and
 * then spares the path. All changing operations share one function that answers EROFS.
 *
 * <p>Nothing here is kept per thread. The object has to be referenced for as long as libfuse may
 * call: collected closures crash the process.
 */
final class NativeCallbacks {
  private static final int NULL_PATH_OK_AND_NO_PATH = 0b11;
  private static final int ACCESS_MODE_MASK = 3;

  private final Runtime runtime;
  private final FuseAdapter adapter;
  private final Guard guard;
  private final Roster roster;
  private final Pointer table;
  private final int tableSize;
  private final List<Object> keptAlive = new ArrayList<>();
  private final long flagsOffset;
  private final long handleOffset;
  private final int statSize;

  /**
   * Makes the table.
   *
   * @param roster told of every callback on one of its threads
   * @param onInit run once when the kernel and libfuse have shaken hands
   * @param onDestroy run once when the session ends
   */
  NativeCallbacks(
      Runtime runtime,
      FuseAdapter adapter,
      Guard guard,
      Roster roster,
      Runnable onInit,
      Runnable onDestroy) {
    this.runtime = runtime;
    this.adapter = adapter;
    this.guard = guard;
    this.roster = roster;

    FuseFileInfo info = FuseFileInfo.of(Memory.allocateDirect(runtime, 128, true));
    this.flagsOffset = info.flags.offset();
    this.handleOffset = info.fh.offset();
    this.statSize = Struct.size(FileStat.of(Memory.allocateDirect(runtime, 512, true)));

    FuseOperations layout = new FuseOperations(runtime);
    this.tableSize = Struct.size(layout);
    this.table = Memory.allocateDirect(runtime, tableSize, true);
    put(layout.init, NativeSignatures.Init.class, connection -> init(onInit));
    put(layout.destroy, NativeSignatures.Destroy.class, data -> destroy(onDestroy));
    put(layout.getattr, NativeSignatures.PathAndOut.class, this::getattr);
    put(layout.readlink, NativeSignatures.PathAndBuffer.class, this::readlink);
    put(layout.open, NativeSignatures.PathAndOut.class, this::open);
    put(layout.read, NativeSignatures.Read.class, this::read);
    put(layout.release, NativeSignatures.PathAndOut.class, this::release);
    put(layout.opendir, NativeSignatures.PathAndOut.class, this::opendir);
    put(layout.readdir, NativeSignatures.ReadDir.class, this::readdir);
    put(layout.releasedir, NativeSignatures.PathAndOut.class, this::releasedir);
    put(layout.getxattr, NativeSignatures.GetXattr.class, this::getxattr);
    put(layout.listxattr, NativeSignatures.PathAndBuffer.class, this::listxattr);
    put(layout.statfs, NativeSignatures.PathAndOut.class, this::statfs);
    NativeSignatures.Ignorant refuse = first -> -Errno.EROFS;
    for (BaseStruct.Func<?> member :
        List.of(
            layout.mknod,
            layout.mkdir,
            layout.unlink,
            layout.rmdir,
            layout.symlink,
            layout.rename,
            layout.link,
            layout.chmod,
            layout.chown,
            layout.truncate,
            layout.ftruncate,
            layout.write,
            layout.create,
            layout.setxattr,
            layout.removexattr,
            layout.utimens,
            layout.fallocate)) {
      put(member, NativeSignatures.Ignorant.class, refuse);
    }
    // The flags are a bit field right behind bmap; jnr-fuse has no setter for them.
    table.putInt(layout.bmap.offset() + runtime.addressSize(), NULL_PATH_OK_AND_NO_PATH);
  }

  /** The address of libfuse's {@code struct fuse_operations}. */
  Pointer table() {
    return table;
  }

  /** Its size in bytes. */
  long tableSize() {
    return tableSize;
  }

  private <T> void put(BaseStruct.Func<?> member, Class<T> signature, T function) {
    keptAlive.add(function);
    Pointer code = runtime.getClosureManager().getClosurePointer(signature, function);
    keptAlive.add(code);
    table.putPointer(member.offset(), code);
  }

  private int answer(Operation operation, Guard.Body body) {
    roster.busy();
    try {
      return guard.answer(operation, body);
    } finally {
      roster.idle();
    }
  }

  private @Nullable Pointer init(Runnable onInit) {
    answer(
        Operation.INIT,
        request -> {
          onInit.run();
          return 0;
        });
    return null;
  }

  private void destroy(Runnable onDestroy) {
    answer(
        Operation.DESTROY,
        request -> {
          onDestroy.run();
          return 0;
        });
  }

  private int getattr(@Nullable Pointer path, Pointer stat) {
    return answer(
        Operation.GETATTR,
        request -> {
          fill(FileStat.of(stat), adapter.getattr(request, bytes(path)));
          return 0;
        });
  }

  private int readlink(@Nullable Pointer path, @Nullable Pointer buffer, long size) {
    return answer(
        Operation.READLINK,
        request -> {
          byte[] target = adapter.readlink(request, bytes(path));
          if (buffer == null || target.length >= size) {
            return -Errno.ENAMETOOLONG;
          }
          buffer.put(0, target, 0, target.length);
          buffer.putByte(target.length, (byte) 0);
          return 0;
        });
  }

  private int open(@Nullable Pointer path, Pointer fileInfo) {
    return answer(
        Operation.OPEN,
        request -> {
          if ((fileInfo.getInt(flagsOffset) & ACCESS_MODE_MASK) != 0) {
            return -Errno.EROFS;
          }
          fileInfo.putLong(handleOffset, adapter.open(request, bytes(path)));
          return 0;
        });
  }

  private int read(
      @Nullable Pointer path, Pointer buffer, long size, long offset, Pointer fileInfo) {
    return answer(
        Operation.READ,
        request -> {
          // A view of libfuse's own buffer: the plaintext is copied once, into it.
          ByteBuffer dst =
              MemoryIO.getInstance().newDirectByteBuffer(buffer.address(), Math.toIntExact(size));
          return adapter.read(request, fileInfo.getLong(handleOffset), offset, dst);
        });
  }

  private int release(@Nullable Pointer path, Pointer fileInfo) {
    return answer(
        Operation.RELEASE,
        request -> {
          adapter.release(request, fileInfo.getLong(handleOffset));
          return 0;
        });
  }

  private int opendir(@Nullable Pointer path, Pointer fileInfo) {
    return answer(
        Operation.OPENDIR,
        request -> {
          fileInfo.putLong(handleOffset, adapter.opendir(request, bytes(path)));
          return 0;
        });
  }

  /** Without offsets: libfuse collects the whole listing and serves seeks from it. */
  private int readdir(
      @Nullable Pointer path, Pointer buffer, Pointer fillerCode, long offset, Pointer fileInfo) {
    return answer(
        Operation.READDIR,
        request -> {
          FuseFillDir filler =
              ClosureHelper.getInstance()
                  .getNativeConveter(FuseFillDir.class)
                  .fromNative(fillerCode, ClosureHelper.getInstance().getFromNativeContext());
          Pointer stat = Memory.allocateDirect(runtime, statSize, true);
          FileStat entryStat = FileStat.of(stat);
          ByteBuffer name = ByteBuffer.allocateDirect(FileTree.NAME_MAX + 1);
          return adapter.readdir(
              request,
              fileInfo.getLong(handleOffset),
              (entry, typeBits, fileId) -> {
                entryStat.st_ino.set(fileId);
                entryStat.st_mode.set(typeBits);
                name.clear().put(entry).put((byte) 0).flip();
                return filler.apply(buffer, name, stat, 0) == 0;
              });
        });
  }

  private int releasedir(@Nullable Pointer path, Pointer fileInfo) {
    return answer(
        Operation.RELEASEDIR,
        request -> {
          adapter.releasedir(fileInfo.getLong(handleOffset));
          return 0;
        });
  }

  private int getxattr(
      @Nullable Pointer path, @Nullable Pointer name, @Nullable Pointer value, long size) {
    return answer(
        Operation.GETXATTR,
        request -> sized(adapter.getxattr(request, bytes(path), bytes(name)), value, size));
  }

  private int listxattr(@Nullable Pointer path, @Nullable Pointer list, long size) {
    return answer(
        Operation.LISTXATTR, request -> sized(adapter.listxattr(request, bytes(path)), list, size));
  }

  private int statfs(@Nullable Pointer path, Pointer out) {
    return answer(
        Operation.STATFS,
        request -> {
          FileTree.Statistics figures = adapter.statfs();
          Statvfs statvfs = Statvfs.of(out);
          statvfs.f_bsize.set(figures.blockSize());
          statvfs.f_frsize.set(figures.blockSize());
          statvfs.f_blocks.set(figures.blocks());
          statvfs.f_bfree.set(figures.freeBlocks());
          statvfs.f_bavail.set(figures.freeBlocks());
          statvfs.f_files.set(figures.files());
          statvfs.f_ffree.set(figures.freeFiles());
          statvfs.f_favail.set(figures.freeFiles());
          statvfs.f_namemax.set(FileTree.NAME_MAX);
          return 0;
        });
  }

  /** getxattr(2)'s protocol: size 0 asks for the length, a buffer too small is ERANGE. */
  private static int sized(byte[] value, @Nullable Pointer buffer, long size) {
    if (size == 0) {
      return value.length;
    }
    if (buffer == null || value.length > size) {
      return -Errno.ERANGE;
    }
    buffer.put(0, value, 0, value.length);
    return value.length;
  }

  private static void fill(FileStat stat, Attributes a) {
    stat.st_ino.set(a.fileId());
    stat.st_nlink.set(a.linkCount());
    stat.st_mode.set(FuseAdapter.typeBits(a.kind()) | a.mode());
    stat.st_uid.set(a.uid());
    stat.st_gid.set(a.gid());
    stat.st_rdev.set(a.deviceNumber());
    stat.st_size.set(a.size());
    stat.st_blocks.set(a.blocks());
    stat.st_blksize.set(4096);
    stat.st_mtim.tv_sec.set(a.modifiedSeconds());
    stat.st_mtim.tv_nsec.set(a.modifiedNanoOfSecond());
    stat.st_atim.tv_sec.set(a.modifiedSeconds());
    stat.st_atim.tv_nsec.set(a.modifiedNanoOfSecond());
    stat.st_ctim.tv_sec.set(a.changedSeconds());
    stat.st_ctim.tv_nsec.set(a.changedNanoOfSecond());
  }

  private static byte[] bytes(@Nullable Pointer text) {
    if (text == null) {
      throw new IllegalArgumentException("libfuse passed no path");
    }
    byte[] bytes = new byte[text.indexOf(0, (byte) 0)];
    text.get(0, bytes, 0, bytes.length);
    return bytes;
  }
}
