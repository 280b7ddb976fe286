package io.unsealfs.storage.local;

import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/**
 * A file that appears whole or not at all: it is written as {@code .<name>.tmp-<random>} (mode
 * 0600) beside its target and renamed in place by {@link #publish}. Closed without that, it is
 * removed. Only a killed process leaves the temporary file behind.
 */
public final class StagedFile implements Closeable {
  private final Path target;
  private final OutputDirectory parent;
  private final OutputFile file;
  private final byte[] temporaryName;
  private final byte[] targetName;
  private final boolean replaces;
  private boolean done;

  private StagedFile(
      Path target,
      OutputDirectory parent,
      OutputFile file,
      byte[] temporaryName,
      byte[] targetName,
      boolean replaces) {
    this.replaces = replaces;
    this.target = target;
    this.parent = parent;
    this.file = file;
    this.temporaryName = temporaryName;
    this.targetName = targetName;
  }

  /**
   * Makes the temporary file for {@code target}.
   *
   * @throws FileAlreadyExistsException if the target exists
   * @throws java.nio.file.NoSuchFileException if the directory it is to lie in does not
   */
  public static StagedFile create(Path target) throws IOException {
    return create(target, false);
  }

  /** The same for a target that may exist and is then replaced. */
  public static StagedFile createOver(Path target) throws IOException {
    return create(target, true);
  }

  private static StagedFile create(Path target, boolean replaces) throws IOException {
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
      if (!replaces) {
        requireFree(target, parent, targetName);
      }
      byte[] temporaryName = TargetPaths.temporaryName(targetName);
      OutputFile file = parent.createFile(temporaryName);
      kept = true;
      return new StagedFile(target, parent, file, temporaryName, targetName, replaces);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, target.toString());
    } finally {
      if (!kept) {
        parent.close();
      }
    }
  }

  private static void requireFree(Path target, OutputDirectory parent, byte[] name)
      throws IOException {
    try {
      FileStatus _ = FileStatus.ofEntry(parent.descriptor(), name);
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.ENOENT) {
        return;
      }
      throw e;
    }
    throw exists(target);
  }

  /**
   * Writes all that remains in {@code source}, a direct buffer, at {@code offset}.
   *
   * @throws io.unsealfs.storage.StorageException if it cannot be written
   */
  public void write(ByteBuffer source, long offset) throws IOException {
    try {
      file.write(source, offset);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, target.toString());
    }
  }

  /** Makes the file {@code size} bytes long; what was never written reads as zeros. */
  public void resize(long size) throws IOException {
    try {
      file.resize(size);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, target.toString());
    }
  }

  /**
   * Waits until the content is stored and puts the file in place.
   *
   * @throws FileAlreadyExistsException if somebody else made the target meanwhile
   */
  public void publish() throws IOException {
    try {
      file.sync();
      if (replaces) {
        parent.renameFile(temporaryName, targetName);
      } else {
        parent.renameFileToNew(temporaryName, targetName);
      }
      done = true;
      parent.sync();
    } catch (SystemCallException e) {
      throw e.errno() == ErrorNumber.EEXIST
          ? exists(target)
          : WriteErrors.translate(e, target.toString());
    }
  }

  private static FileAlreadyExistsException exists(Path target) {
    return new FileAlreadyExistsException(
        target.toString(), null, "exists already and is not overwritten; choose another target");
  }

  /** Removes the file unless it was published; idempotent. */
  @Override
  public void close() throws IOException {
    file.close();
    try {
      if (!done) {
        done = true;
        parent.removeFile(temporaryName);
      }
    } catch (SystemCallException e) {
      throw WriteErrors.translate(
          e, "temporary file beside " + target + " (to be removed by hand)");
    } finally {
      parent.close();
    }
  }
}
