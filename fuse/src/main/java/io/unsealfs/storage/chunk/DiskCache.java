package io.unsealfs.storage.chunk;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.PathOpener;
import io.unsealfs.os.PathOpener.Access;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.StorageException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * Segments of ciphertext in a local directory, kept across mounts and shared by the processes of a
 * host (object-storage.md section 4, "DiskChunkCache").
 *
 * <p>A segment appears under its name only when it is whole, by a rename; nothing is synchronised
 * to the disk, so after a crash of the host there may be rubbish, which the checksum finds.
 * Whatever is not exactly what it should be is deleted and fetched again. The first error of the
 * disk switches the cache off for this process, with one line in the log; readers never notice.
 *
 * <p>What is in the directory is as little trusted as the store: the checksum finds rot, not
 * attackers. Formats that do not authenticate their bytes need a {@link SegmentMac}.
 */
public final class DiskCache implements Closeable {
  /** Below the directory given: the format version, so that a later one can live beside it. */
  static final String VERSION_DIRECTORY = "chunks-1";

  /** A file's time is set on use, but not more often than this: eviction needs no more. */
  private static final long TOUCH_SECONDS = 600;

  /** Touches remembered, so that a process does not ask for times again and again. */
  private static final int TOUCHES_MOST = 1 << 16;

  private final Path directory;
  private final Descriptor root;
  private final DiskSpace space;
  private final @Nullable SegmentMac mac;
  private final Consumer<String> warnings;
  private final AtomicBoolean off = new AtomicBoolean();
  private final AtomicBoolean readOnly = new AtomicBoolean();
  private final ConcurrentHashMap<String, Long> touched = new ConcurrentHashMap<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder corrupt = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder faults = new LongAdder();

  private DiskCache(
      Path directory,
      Descriptor root,
      DiskSpace space,
      @Nullable SegmentMac mac,
      Consumer<String> warnings) {
    this.directory = directory;
    this.root = root;
    this.space = space;
    this.mac = mac;
    this.warnings = warnings;
  }

  /**
   * Opens the cache in {@code parent}, which is made if it is missing.
   *
   * @param limits how much it may hold
   * @param mac for formats that do not authenticate their bytes; closed with the cache
   * @param warnings receives one line when the cache has to be switched off
   * @throws StorageException if the directory cannot be used at all
   */
  public static DiskCache open(
      Path parent, DiskLimits limits, Optional<SegmentMac> mac, Consumer<String> warnings)
      throws IOException {
    try {
      Files.createDirectories(parent);
      Path directory = parent.resolve(VERSION_DIRECTORY);
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        try {
          Files.createDirectory(
              directory,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
          if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw e;
          }
          // another process was faster
        }
      }
      Descriptor root = PathOpener.openRoot(bytesOf(directory));
      DiskCache cache =
          new DiskCache(
              directory, root, new DiskSpace(directory, limits), mac.orElse(null), warnings);
      cache.space.countInBackground();
      return cache;
    } catch (IOException e) {
      throw new StorageException(
          parent + ": cannot keep chunks there: " + e.getMessage() + "; name another directory", e);
    }
  }

  private static byte[] bytesOf(Path path) {
    // the charset the JDK itself uses between a Path and the kernel
    String charset = System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name());
    return path.toString().getBytes(Charset.forName(charset));
  }

  /**
   * Deletes all segments of a cache, those of running mounts too; they fetch again.
   *
   * @return bytes deleted
   */
  public static long purge(Path parent) throws IOException {
    Path directory = parent.resolve(VERSION_DIRECTORY);
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return 0;
    }
    return DiskSpace.purge(directory);
  }

  /** Whether a file of that name is there; what it holds is seen when it is read. */
  boolean mayHold(SegmentId id) {
    return !off.get()
        && Files.exists(
            directory.resolve(id.directory()).resolve(id.file()), LinkOption.NOFOLLOW_LINKS);
  }

  /** Where a part of a segment goes. */
  interface Landing {
    /** Memory for the piece at {@code offset} of the segment, or null if nobody wants it. */
    @Nullable ByteBuffer at(int offset);
  }

  /**
   * Reads a whole segment and hands over the pieces of it that are wanted. They may be used only if
   * this returns true.
   *
   * @param scratch memory of a chunk for the pieces that are not wanted
   */
  boolean read(SegmentId id, Landing landing, ByteBuffer scratch) {
    if (off.get()) {
      return false;
    }
    try (Descriptor file = openFile(id)) {
      if (isIntact(file, id, landing, scratch)) {
        hits.increment();
        touch(id);
        return true;
      }
      corrupt.increment();
      delete(id);
      return false;
    } catch (SystemCallException e) {
      failed(e, id);
      return false;
    }
  }

  private Descriptor openFile(SegmentId id) throws SystemCallException {
    byte[] path = (id.directory() + "/" + id.file()).getBytes(StandardCharsets.US_ASCII);
    return PathOpener.best().open(root, path, Access.READ);
  }

  /** A segment could not be opened or read. */
  void failed(SystemCallException e, SegmentId id) {
    switch (e.errno()) {
      case ErrorNumber.ENOENT, ErrorNumber.ENOTDIR -> misses.increment();
      case ErrorNumber.ELOOP -> {
        // a link where a segment should be: nothing of ours
        corrupt.increment();
        delete(id);
      }
      default -> fault("read", e);
    }
  }

  /**
   * The file of a segment whose header is intact, its payload behind {@link SegmentHeader#SIZE} not
   * looked at: for readers who find out themselves what is not authentic.
   *
   * @return null if there is none; to be closed otherwise
   */
  @Nullable Descriptor openUnchecked(SegmentId id) {
    if (off.get()) {
      return null;
    }
    Descriptor file = null;
    boolean intact = false;
    try {
      file = openFile(id);
      intact = header(file, id) != null;
      if (intact) {
        hits.increment();
        touch(id);
        return file;
      }
      corrupt.increment();
      delete(id);
    } catch (SystemCallException e) {
      failed(e, id);
    } finally {
      if (file != null && !intact) {
        file.close();
      }
    }
    return null;
  }

  /** A file that was intact when it was opened is not what it was. */
  void truncated(SegmentId id) {
    corrupt.increment();
    delete(id);
  }

  /** The header, if it and the file's size are those of {@code id}. */
  private @Nullable SegmentHeader header(Descriptor file, SegmentId id) throws SystemCallException {
    FileStatus status = FileStatus.of(file);
    if (status.type() != FileStatus.REGULAR
        || status.size() != (long) SegmentHeader.SIZE + id.payloadLength()) {
      return null;
    }
    byte[] first = new byte[SegmentHeader.SIZE];
    if (file.read(ByteBuffer.wrap(first), 0) != first.length) {
      return null;
    }
    SegmentHeader header = SegmentHeader.parse(first, id).orElse(null);
    boolean tagged = header != null && (header.flags() & SegmentHeader.FLAG_MAC) != 0;
    return mac != null && !tagged ? null : header;
  }

  private boolean isIntact(Descriptor file, SegmentId id, Landing landing, ByteBuffer scratch)
      throws SystemCallException {
    SegmentHeader header = header(file, id);
    if (header == null) {
      return false;
    }
    Mac tag = mac == null ? null : begin(mac, header, id);
    CRC32C crc = new CRC32C();
    for (int done = 0; done < id.payloadLength(); done += ChunkGrid.CHUNK_BYTES) {
      int count = Math.min(ChunkGrid.CHUNK_BYTES, id.payloadLength() - done);
      ByteBuffer wanted = landing.at(done);
      ByteBuffer piece = (wanted == null ? scratch : wanted).slice(0, count);
      if (file.read(piece, (long) SegmentHeader.SIZE + done) != count) {
        return false;
      }
      crc.update(piece.flip());
      if (tag != null) {
        tag.update(piece.rewind());
      }
    }
    return (int) crc.getValue() == header.payloadCrc()
        && (tag == null || MessageDigest.isEqual(SegmentMac.end(tag), header.mac()));
  }

  private static Mac begin(SegmentMac key, SegmentHeader header, SegmentId id) {
    Mac tag = key.begin();
    tag.update(header.checked());
    tag.update(id.objectHash());
    return tag;
  }

  /**
   * Writes a whole segment, if there is room for it.
   *
   * @param payload its pieces in order
   * @return whether it is there now
   */
  boolean write(SegmentId id, List<ByteBuffer> payload) {
    if (off.get() || readOnly.get()) {
      return false;
    }
    try {
      if (!space.makeRoom(SegmentHeader.SIZE + (long) id.payloadLength())) {
        return false;
      }
      Path home = directory.resolve(id.directory());
      try {
        Files.createDirectory(home);
      } catch (FileAlreadyExistsException e) {
        // the usual case
        if (!Files.isDirectory(home, LinkOption.NOFOLLOW_LINKS)) {
          throw e;
        }
      }
      Path staged =
          home.resolve(
              DiskSpace.STAGED_PREFIX
                  + HexFormat.of().toHexDigits(new SplittableRandom().nextLong()));
      boolean kept = false;
      try {
        writeFile(staged, header(id, payload), payload);
        space.publish(
            staged, home.resolve(id.file()), SegmentHeader.SIZE + (long) id.payloadLength());
        kept = true;
      } finally {
        if (!kept) {
          boolean _ = Files.deleteIfExists(staged);
        }
      }
      writes.increment();
      return true;
    } catch (NoSuchFileException e) {
      // purged under our hands; the next segment makes its directory again
      misses.increment();
    } catch (IOException e) {
      if (!isForbidden(e)) {
        fault("write", e);
      } else if (readOnly.compareAndSet(false, true)) {
        warnings.accept(
            "the chunk cache in " + directory + " is read only: it is read, and nothing is added");
      }
    }
    return false;
  }

  /** Whether somebody else fills the cache, who does not let this process. */
  private static boolean isForbidden(IOException e) {
    return e instanceof AccessDeniedException
        || (e instanceof FileSystemException refused
            && "Read-only file system".equals(refused.getReason()));
  }

  private SegmentHeader header(SegmentId id, List<ByteBuffer> payload) {
    CRC32C crc = new CRC32C();
    payload.forEach(piece -> crc.update(piece.duplicate()));
    SegmentHeader header =
        SegmentHeader.of(id, mac == null ? 0 : SegmentHeader.FLAG_MAC, (int) crc.getValue());
    if (mac == null) {
      return header;
    }
    Mac tag = begin(mac, header, id);
    payload.forEach(piece -> tag.update(piece.duplicate()));
    return header.withMac(SegmentMac.end(tag));
  }

  private static void writeFile(Path staged, SegmentHeader header, List<ByteBuffer> payload)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(staged, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeFully(channel, ByteBuffer.wrap(header.encode()));
      for (ByteBuffer piece : payload) {
        writeFully(channel, piece.duplicate());
      }
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int _ = channel.write(bytes);
    }
  }

  /** Its bytes were found not to be authentic: it goes. */
  void delete(SegmentId id) {
    try {
      if (Files.deleteIfExists(directory.resolve(id.directory()).resolve(id.file()))) {
        space.deleted(SegmentHeader.SIZE + (long) id.payloadLength());
      }
    } catch (IOException e) {
      if (!isForbidden(e)) {
        fault("delete", e);
      }
    }
  }

  private void touch(SegmentId id) {
    String name = id.directory() + "/" + id.file();
    long now = Instant.now().getEpochSecond();
    Long before = touched.get(name);
    if (before != null && now - before < TOUCH_SECONDS) {
      return;
    }
    if (touched.size() > TOUCHES_MOST) {
      touched.clear();
    }
    touched.put(name, now);
    try {
      Files.setLastModifiedTime(directory.resolve(name), FileTime.from(Instant.ofEpochSecond(now)));
    } catch (IOException e) {
      // deleted meanwhile, or a read-only cache that somebody else fills: it is read all the same
      return;
    }
  }

  private void fault(String what, IOException cause) {
    faults.increment();
    if (off.compareAndSet(false, true)) {
      warnings.accept(
          "the chunk cache is switched off, reads go on without it: cannot "
              + what
              + " in "
              + directory
              + ": "
              + cause);
    }
  }

  /** Whether it is still in use: no error of the disk so far. */
  public boolean isOn() {
    return !off.get();
  }

  /** What it did; {@code skipped} segments are for whoever skips them to count. */
  ChunkFigures.DiskFigures figures(long skipped) {
    return new ChunkFigures.DiskFigures(
        hits.sum(),
        misses.sum(),
        corrupt.sum(),
        writes.sum(),
        skipped,
        space.evictions(),
        space.evictionsForSpace(),
        space.bytes(),
        faults.sum());
  }

  /** Lets the directory go; the segments stay. Idempotent. */
  @Override
  public void close() {
    off.set(true);
    space.close();
    root.close();
    if (mac != null) {
      mac.close();
    }
  }
}
