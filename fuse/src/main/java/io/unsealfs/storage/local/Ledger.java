package io.unsealfs.storage.local;

import io.unsealfs.os.FileStatus;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Remembers, for the life of a tree, which file stood at a path and which version of it was seen
 * first. The storage is not ours alone: whoever replaces or rewrites a file while the tree is open
 * gets a refusal out of it, never a mixture of old and new bytes. Kernel and caches above may still
 * hold the old ones, so a file that was replaced as a whole is refused just the same.
 */
final class Ledger {
  /** Most files remembered; about 300 bytes each. */
  private static final int MAX_FILES = 1 << 22;

  /** Identity of a file whatever it is called. */
  private record FileKey(long device, long inode) {
    static FileKey of(FileStatus status) {
      return new FileKey(status.device(), status.inode());
    }
  }

  /** What changes when somebody writes to a file; the change time cannot be set back. */
  private record Version(
      long size, long modifiedSeconds, int modifiedNanos, long changedSeconds, int changedNanos) {
    static Version of(FileStatus status) {
      return new Version(
          status.size(),
          status.modifiedSeconds(),
          status.modifiedNanos(),
          status.changedSeconds(),
          status.changedNanos());
    }
  }

  private final ConcurrentMap<Name, FileKey> files = new ConcurrentHashMap<>();
  private final ConcurrentMap<FileKey, Version> versions = new ConcurrentHashMap<>();

  /**
   * Remembers the regular file {@code status} at {@code path}, or compares it with what was seen
   * there first.
   *
   * @throws StaleSourceException if it is another file or another version
   */
  void see(byte[] path, FileStatus status) throws StorageException {
    Name name = Name.of(path);
    FileKey key = FileKey.of(status);
    if (!files.containsKey(name) && files.size() >= MAX_FILES) {
      throw new StorageException(
          name + ": more than " + MAX_FILES + " files were looked up; this tree is too large");
    }
    FileKey firstKey = files.putIfAbsent(name, key);
    if (firstKey != null && !firstKey.equals(key)) {
      throw stale(path);
    }
    Version version = Version.of(status);
    Version firstVersion = versions.putIfAbsent(key, version);
    if (firstVersion != null && !firstVersion.equals(version)) {
      throw stale(path);
    }
  }

  /** Whether {@code now} is still the same version of the same file as {@code first}. */
  static boolean same(FileStatus first, FileStatus now) {
    return FileKey.of(first).equals(FileKey.of(now)) && Version.of(first).equals(Version.of(now));
  }

  static StaleSourceException stale(byte[] path) {
    return new StaleSourceException(
        LocalNode.location(path)
            + ": changed since it was first seen; unmount and mount again to serve the new one");
  }
}
