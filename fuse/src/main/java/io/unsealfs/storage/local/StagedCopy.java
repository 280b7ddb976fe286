package io.unsealfs.storage.local;

import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.nio.file.Path;

/** Copies a tree into a directory that appears whole or not at all. */
public final class StagedCopy {

  /** Makes the encoding for a target, once its directory is there. */
  public interface Preparation {
    /** Writes what the root holds beside the tree, and says how the tree is to be written. */
    TreeEncoding prepare(OutputDirectory root) throws IOException;
  }

  private StagedCopy() {}

  /**
   * Encrypts, or whatever else {@code preparation} does, {@code tree} into the new directory {@code
   * target}. A damage in the tree ends it; numeric owners are kept as root, set-id bits with them.
   *
   * @param parallelism threads that copy content, 1 to 256
   */
  public static CopySummary create(
      FileTree tree,
      Path target,
      Preparation preparation,
      int parallelism,
      CopyListener listener,
      StopSwitch stop)
      throws IOException {
    boolean root = OutputDirectory.effectiveUser() == 0;
    CopyOptions options = new CopyOptions(parallelism, false, root, true);
    return run(tree, target, false, preparation, options, listener, stop);
  }

  static CopySummary run(
      FileTree tree,
      Path target,
      boolean mayReplaceEmpty,
      Preparation preparation,
      CopyOptions options,
      CopyListener listener,
      StopSwitch stop)
      throws IOException {
    CopyTally tally = new CopyTally(listener);
    stop.enter();
    try {
      stop.check();
      try (StagedDirectory staged = StagedDirectory.create(target, mayReplaceEmpty)) {
        try (TreeEncoding encoding = preparation.prepare(staged.directory())) {
          new TreeCopy(tree, staged.directory(), encoding, options, tally, stop).run();
        }
        stop.check();
        staged.publish();
      } catch (SystemCallException e) {
        throw WriteErrors.translate(e, target.toString());
      }
    } finally {
      stop.leave();
    }
    return tally.summary();
  }
}
