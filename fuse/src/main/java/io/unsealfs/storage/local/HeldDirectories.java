package io.unsealfs.storage.local;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unsealfs.os.Descriptor;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.PathOpener;
import io.unsealfs.os.PathOpener.Access;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Name;
import java.io.Closeable;
import org.jspecify.annotations.Nullable;

/**
 * Handles on the directories that names were last looked up in, so that each further name takes one
 * system call and not a walk of the whole path. Where a directory is replaced meanwhile, its names
 * go on being those of the first one; opening a file always walks the path anew and refuses one
 * that is no longer what was looked up.
 */
final class HeldDirectories implements Closeable {
  /** Few, since each holds a descriptor; those who walk a tree are in a handful of them. */
  private static final int MOST = 64;

  private final Descriptor root;
  private final PathOpener opener;
  private final Cache<Name, Descriptor> held =
      Caffeine.newBuilder()
          .maximumSize(MOST)
          .executor(Runnable::run)
          .<Name, Descriptor>evictionListener((path, handle, cause) -> drop(handle))
          .build();

  HeldDirectories(Descriptor root, PathOpener opener) {
    this.root = root;
    this.opener = opener;
  }

  /**
   * The status of an entry, of a symbolic link itself.
   *
   * @param directory path below the root, empty for the root
   * @param name name of one entry, neither {@code .} nor {@code ..} and without a slash
   */
  FileStatus statusOf(byte[] directory, byte[] name) throws SystemCallException {
    if (directory.length == 0) {
      return FileStatus.ofEntry(root, name);
    }
    Name path = Name.of(directory);
    Descriptor handle = held.getIfPresent(path);
    if (handle != null) {
      try {
        return FileStatus.ofEntry(handle, name);
      } catch (SystemCallException e) {
        if (e.errno() != ErrorNumber.EBADF) {
          throw e;
        }
        // given up between the two lines above
      }
    }
    Descriptor opened = opener.open(root, directory, Access.PATH);
    try {
      return FileStatus.ofEntry(opened, name);
    } finally {
      keep(path, opened);
    }
  }

  private void keep(Name path, Descriptor opened) {
    Descriptor other = held.asMap().putIfAbsent(path, opened);
    if (other != null) {
      opened.close();
    } else if (held.estimatedSize() > MOST) {
      // what came while another thread made room would stay until the next use
      held.cleanUp();
    }
  }

  private static void drop(@Nullable Descriptor handle) {
    if (handle != null) {
      handle.close();
    }
  }

  /** Gives all of them up; the tree must not be asked any more. Idempotent. */
  @Override
  public void close() {
    held.asMap()
        .values()
        .removeIf(handle -> {
          handle.close();
          return true;
        });
  }
}
