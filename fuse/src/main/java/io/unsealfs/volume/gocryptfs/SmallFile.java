package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The small files of a volume that are read whole: config, tweaks, long names. */
final class SmallFile {
  private SmallFile() {}

  /**
   * All bytes of the regular file {@code name}.
   *
   * @throws java.nio.file.NoSuchFileException if it is missing
   * @throws IntegrityException if it is no regular file or has not {@code min} to {@code max} bytes
   */
  static byte[] read(FileTree tree, Node directory, Name name, int min, int max)
      throws IOException {
    Node node = tree.lookup(directory, name);
    if (node.kind() != NodeKind.FILE) {
      throw new IntegrityException(node.location() + ": not a regular file");
    }
    try (Source source = tree.open(node)) {
      long size = source.size();
      if (size < min || size > max) {
        throw new IntegrityException(
            node.location()
                + ": has "
                + size
                + " bytes instead of "
                + (min == max ? String.valueOf(min) : min + " to " + max));
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      source.read(0, bytes);
      if (bytes.hasRemaining()) {
        throw new IntegrityException(node.location() + ": ends before its size");
      }
      return bytes.array();
    }
  }
}
