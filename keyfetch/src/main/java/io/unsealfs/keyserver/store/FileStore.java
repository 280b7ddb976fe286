package io.unsealfs.keyserver.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A store in one directory of a local file system, one file per entry.
 *
 * <p>A file is written under another name, forced to the disk and renamed, and the directory is
 * forced as well: whenever the program or the machine stops, an entry is the old one or the new one
 * and what was confirmed is there. Readers take no lock. Writers of this and other processes take
 * turns by a lock on one file, so that a command may change what a running server reads.
 *
 * <p>The file {@code format} names the version of all this. A program that does not know it refuses
 * the directory.
 */
public final class FileStore implements Store {
  private static final String FORMAT = "unsealfs keyserver store ";
  private static final String VERSION = "1";
  private static final int MAX_FORMAT_BYTES = 256;
  private static final String FRESH = ".new-";
  private static final FileAttribute<?> OWNER_FILE = owner("rw-------");
  private static final FileAttribute<?> OWNER_DIRECTORY = owner("rwx------");

  /** A process holds a lock on a file as a whole, so its own writers need another one. */
  private static final Object WRITING = new Object();

  private final Path directory;
  private final SecureRandom random = new SecureRandom();

  private FileStore(Path directory) {
    this.directory = directory;
  }

  /**
   * Opens the store; makes it if there is no such directory, or an empty one.
   *
   * @throws StoreException if the directory is of another version, holds something else, or is open
   *     to others
   * @throws StoreUnavailableException if it cannot be read or written
   */
  public static FileStore open(Path directory) throws StoreException {
    FileStore store = new FileStore(directory);
    try {
      if (!Files.exists(directory)) {
        try {
          Files.createDirectory(directory, OWNER_DIRECTORY);
        } catch (FileAlreadyExistsException e) {
          // another server made it a moment ago; whether it is fit is seen next
        }
      }
      store.refuseOthers();
      synchronized (WRITING) {
        try (FileChannel channel = store.lockFile();
            FileLock _ = channel.lock()) {
          store.readFormat();
          store.removeUnfinished();
        }
      }
    } catch (IOException e) {
      throw store.failed("cannot be opened", e);
    }
    return store;
  }

  @Override
  public Optional<StoreEntry> get(String key) throws StoreException {
    Path file = file(key);
    try {
      StoreEntry entry = EntryFile.decode(read(file, EntryFile.MAX_BYTES), file);
      if (!entry.key().equals(key)) {
        throw new StoreException("store entry " + file + ": holds another entry; restore it");
      }
      return Optional.of(entry);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("cannot be read", e);
    }
  }

  @Override
  public List<StoreEntry> list(String prefix) throws StoreException {
    List<StoreEntry> entries = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, "*" + EntryFile.SUFFIX)) {
      int count = 0;
      for (Path file : files) {
        if (++count > MAX_ENTRIES) {
          throw new StoreException(
              "store %s: has more than %d entries".formatted(directory, MAX_ENTRIES));
        }
        readIfThere(file).filter(entry -> entry.key().startsWith(prefix)).ifPresent(entries::add);
      }
    } catch (IOException e) {
      throw failed("cannot be listed", e);
    }
    entries.sort(Comparator.comparing(StoreEntry::key));
    return entries;
  }

  private static Optional<StoreEntry> readIfThere(Path file) throws IOException {
    try {
      return Optional.of(EntryFile.decode(read(file, EntryFile.MAX_BYTES), file));
    } catch (NoSuchFileException e) {
      // deleted since the directory was read
      return Optional.empty();
    }
  }

  @Override
  public boolean put(String key, byte[] value, long expectedRevision) throws StoreException {
    // numbers are not reused after a deletion, which a counter in the file would do
    byte[] content = EntryFile.encode(new StoreEntry(key, value, 1 + random.nextLong(1L << 62)));
    return ifAt(
        key,
        expectedRevision,
        file -> {
          Path fresh = directory.resolve(FRESH + HexFormat.of().toHexDigits(random.nextLong()));
          write(fresh, content);
          Files.move(
              fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        });
  }

  @Override
  public boolean delete(String key, long expectedRevision) throws StoreException {
    return ifAt(key, expectedRevision, Files::deleteIfExists);
  }

  private interface Change {
    void apply(Path file) throws IOException;
  }

  private boolean ifAt(String key, long expectedRevision, Change change) throws StoreException {
    synchronized (WRITING) {
      try (FileChannel channel = lockFile();
          FileLock _ = channel.lock()) {
        long revision = get(key).map(StoreEntry::revision).orElse(ABSENT);
        if (revision != expectedRevision) {
          return false;
        }
        change.apply(file(key));
        forceDirectory();
        return true;
      } catch (IOException e) {
        throw failed("cannot be written", e);
      }
    }
  }

  private Path file(String key) throws StoreException {
    return directory.resolve(EntryFile.name(key));
  }

  private FileChannel lockFile() throws IOException {
    return FileChannel.open(
        directory.resolve("lock"),
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
        OWNER_FILE);
  }

  private void refuseOthers() throws IOException {
    Set<PosixFilePermission> allowed = PosixFilePermissions.fromString("rwx------");
    if (!allowed.containsAll(Files.getPosixFilePermissions(directory))) {
      throw new StoreException(
          "store " + directory + ": its mode lets others at it; run chmod 700 on it");
    }
  }

  private void readFormat() throws IOException {
    Path file = directory.resolve("format");
    String format;
    try {
      format = new String(read(file, MAX_FORMAT_BYTES), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      refuseForeignFiles();
      Path fresh = directory.resolve(FRESH + "format");
      Files.deleteIfExists(fresh);
      write(fresh, (FORMAT + VERSION + "\n").getBytes(StandardCharsets.UTF_8));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      forceDirectory();
      return;
    }
    if (!format.startsWith(FORMAT)) {
      throw new StoreException("store " + directory + ": is not a store of a key server");
    }
    String version = format.substring(FORMAT.length()).strip();
    if (!version.equals(VERSION)) {
      throw new StoreException(
          "store %s: has format %s, and this program knows only format %s; use the program that wrote it or a newer one"
              .formatted(directory, printable(version), VERSION));
    }
  }

  private static String printable(String version) {
    return version.matches("[0-9A-Za-z.]{1,16}") ? version : "(unreadable)";
  }

  private void refuseForeignFiles() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (!name.equals("lock") && !name.startsWith(FRESH)) {
          throw new StoreException(
              "store %s: holds %s and no format file; name an empty directory, or restore the store"
                  .formatted(directory, name));
        }
      }
    }
  }

  /** What a writer left behind that was stopped before its entry counted. */
  private void removeUnfinished() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, FRESH + "*")) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static byte[] read(Path file, int maxBytes) throws IOException {
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new StoreException("store file " + file + ": larger than it can be; restore it");
      }
      return bytes;
    }
  }

  private static void write(Path file, byte[] content) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_FILE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }

  private void forceDirectory() throws IOException {
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  private StoreException failed(String what, IOException e) {
    return e instanceof StoreException known
        ? known
        : new StoreUnavailableException(
            "store %s: %s (%s)".formatted(directory, what, e.getMessage()), e);
  }

  private static FileAttribute<?> owner(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  @Override
  public String place() {
    return directory.toString();
  }

  /** Nothing is open between calls. */
  @Override
  public void close() {}
}
