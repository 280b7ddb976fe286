package io.unsealfs.storage.local;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.file.Path;

/** One local file that is read on its own, such as an image. */
public final class LocalFile {
  private LocalFile() {}

  /**
   * Opens the regular file {@code path}, through symbolic links if need be. Changed while it is
   * open, it fails the reads from then on, as the files of a {@link LocalTree} do.
   *
   * @throws java.nio.file.NoSuchFileException if it is not there
   * @throws io.unsealfs.storage.IllegalNodeException if it is no regular file
   */
  public static Source open(Path path) throws IOException {
    Path real = path.toRealPath();
    try (LocalTree tree = LocalTree.open(TargetPaths.parent(real))) {
      Name name = Name.of(TargetPaths.bytes(TargetPaths.lastName(real)));
      return tree.open(tree.lookup(tree.root(), name));
    }
  }
}
