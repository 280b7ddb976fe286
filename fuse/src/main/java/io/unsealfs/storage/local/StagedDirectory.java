package io.unsealfs.storage.local;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.DirectoryReader;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.PathOpener;
import io.unsealfs.os.PathOpener.Access;
import io.unsealfs.os.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A directory that appears whole or not at all: it is filled as {@code .<name>.tmp-<random>} (mode
 * 0700) beside its target and renamed in place by {@link #publish}. Closed without that, it is
 * removed with all that is in it. Only a killed process leaves the temporary directory behind.
 */
final class StagedDirectory implements Closeable {
  private final Path target;
  private final OutputDirectory parent;
  private final OutputDirectory directory;
  private final byte[] temporaryName;
  private final byte[] targetName;
  private final boolean mayReplaceEmpty;
  private boolean done;

  private StagedDirectory(
      Path target,
      OutputDirectory parent,
      OutputDirectory directory,
      byte[] temporaryName,
      byte[] targetName,
      boolean mayReplaceEmpty) {
    this.target = target;
    this.parent = parent;
    this.directory = directory;
    this.temporaryName = temporaryName;
    this.targetName = targetName;
    this.mayReplaceEmpty = mayReplaceEmpty;
  }

  /**
   * Makes the temporary directory for {@code target}.
   *
   * @param mayReplaceEmpty whether {@code target} may be an empty directory
   * @throws FileAlreadyExistsException if it exists otherwise
   * @throws NoSuchFileException if the directory it is to lie in does not
   */
  static StagedDirectory create(Path target, boolean mayReplaceEmpty) throws IOException {
    byte[] targetName = TargetPaths.bytes(TargetPaths.lastName(target));
    Path parentPath = TargetPaths.parent(target);
    OutputDirectory parent;
    try {
      parent = OutputDirectory.open(TargetPaths.bytes(parentPath));
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, parentPath.toString());
    }
    boolean kept = false;
    try {
      requireFree(target, parent, targetName, mayReplaceEmpty);
      byte[] temporaryName = TargetPaths.temporaryName(targetName);
      parent.createDirectory(temporaryName);
      OutputDirectory directory = parent.beneath(temporaryName);
      kept = true;
      return new StagedDirectory(
          target, parent, directory, temporaryName, targetName, mayReplaceEmpty);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, target.toString());
    } finally {
      if (!kept) {
        parent.close();
      }
    }
  }

  /** The directory to fill. */
  OutputDirectory directory() {
    return directory;
  }

  /**
   * Puts the directory in place. Its own content and attributes are the caller's to sync.
   *
   * @throws FileAlreadyExistsException if somebody else made the target meanwhile
   */
  void publish() throws IOException {
    try {
      directory.sync();
      if (mayReplaceEmpty) {
        parent.renameDirectoryOverEmpty(temporaryName, targetName);
      } else {
        parent.renameDirectoryToNew(temporaryName, targetName);
      }
      done = true;
      parent.sync();
    } catch (SystemCallException e) {
      throw switch (e.errno()) {
        case ErrorNumber.EEXIST, ErrorNumber.ENOTEMPTY, ErrorNumber.ENOTDIR -> exists(target);
        default -> WriteErrors.translate(e, target.toString());
      };
    }
  }

  /** Removes the directory unless it was published; idempotent. */
  @Override
  public void close() throws IOException {
    directory.close();
    try {
      if (!done) {
        done = true;
        TreeRemoval.remove(parent, temporaryName);
      }
    } catch (SystemCallException e) {
      throw WriteErrors.translate(
          e, "temporary directory beside " + target + " (to be removed by hand)");
    } finally {
      parent.close();
    }
  }

  private static void requireFree(
      Path target, OutputDirectory parent, byte[] name, boolean mayReplaceEmpty)
      throws IOException {
    FileStatus status;
    try {
      status = FileStatus.ofEntry(parent.descriptor(), name);
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.ENOENT) {
        return;
      }
      throw e;
    }
    if (!mayReplaceEmpty
        || status.type() != FileStatus.DIRECTORY
        || !isEmpty(parent.descriptor(), name)) {
      throw exists(target);
    }
  }

  private static boolean isEmpty(Descriptor parent, byte[] name) throws SystemCallException {
    try (Descriptor directory = PathOpener.best().open(parent, name, Access.DIRECTORY)) {
      return DirectoryReader.list(directory, Integer.MAX_VALUE).isEmpty();
    }
  }

  private static FileAlreadyExistsException exists(Path target) {
    return new FileAlreadyExistsException(
        target.toString(), null, "exists already and is not overwritten; choose another target");
  }
}
