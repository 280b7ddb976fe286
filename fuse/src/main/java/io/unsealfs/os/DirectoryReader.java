package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lists a directory as getdents64(2) does: names as bytes. */
public final class DirectoryReader {

  /**
   * One entry.
   *
   * @param name the name's bytes
   * @param inode inode number as the directory has it
   * @param type one of the type constants of {@link FileStatus}
   */
  @SuppressWarnings("ArrayRecordComponent") // carries bytes, is never compared
  public record Entry(byte[] name, long inode, int type) {}

  private static final int BUFFER_BYTES = 32 * 1024;
  private static final int NAME_OFFSET = 19;
  // d_type is the type of st_mode without its twelve permission bits.
  private static final int TYPE_SHIFT = 12;

  private DirectoryReader() {}

  /**
   * All entries but {@code .} and {@code ..}. An entry that vanishes meanwhile may be missing.
   *
   * @param directory opened with {@link PathOpener.Access#DIRECTORY} and not listed before
   * @param limit most entries to accept
   * @throws SystemCallException ERANGE if there are more than {@code limit}
   */
  public static List<Entry> list(Descriptor directory, int limit) throws SystemCallException {
    List<Entry> entries = new ArrayList<>();
    byte[] buffer = new byte[BUFFER_BYTES];
    ByteBuffer view = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
    int length = fill(directory, buffer);
    while (length > 0) {
      int at = 0;
      while (at + NAME_OFFSET < length) {
        int next = at + Short.toUnsignedInt(view.getShort(at + 16));
        if (next <= at + NAME_OFFSET || next > length) {
          throw new SystemCallException("getdents64", ErrorNumber.EINVAL);
        }
        byte[] name = name(buffer, at + NAME_OFFSET, next);
        if (!isDots(name)) {
          add(entries, directory, name, view.getLong(at), buffer[at + 18]);
          if (entries.size() > limit) {
            throw new SystemCallException("getdents64", ErrorNumber.ERANGE);
          }
        }
        at = next;
      }
      length = fill(directory, buffer);
    }
    return entries;
  }

  private static void add(
      List<Entry> entries, Descriptor directory, byte[] name, long inode, int shortType)
      throws SystemCallException {
    if (shortType != 0) {
      entries.add(new Entry(name, inode, shortType << TYPE_SHIFT));
      return;
    }
    try {
      FileStatus status = FileStatus.ofEntry(directory, name);
      entries.add(new Entry(name, inode, status.type()));
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.ENOENT) {
        throw e;
      }
    }
  }

  private static int fill(Descriptor directory, byte[] buffer) throws SystemCallException {
    int fd = directory.acquire();
    try {
      long length = Libc.CALLS.getdents64(fd, buffer, buffer.length);
      if (length < 0) {
        throw new SystemCallException("getdents64", Libc.errno());
      }
      return (int) length;
    } finally {
      directory.release();
    }
  }

  private static byte[] name(byte[] buffer, int from, int limit) {
    int end = from;
    while (end < limit && buffer[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(buffer, from, end);
  }

  private static boolean isDots(byte[] name) {
    return name.length > 0 && name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
  }
}
