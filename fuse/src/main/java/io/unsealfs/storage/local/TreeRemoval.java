package io.unsealfs.storage.local;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.DirectoryReader;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.SystemCallException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Removes a directory of our own with all that is in it; never leaves it through a link. */
final class TreeRemoval {
  private static final int PRIVATE_DIRECTORY = 0700;

  private TreeRemoval() {}

  /** Removes the directory {@code name} of {@code parent}. */
  static void remove(OutputDirectory parent, byte[] name) throws SystemCallException {
    List<RelativePath> emptied = new ArrayList<>();
    Deque<RelativePath> pending = new ArrayDeque<>();
    parent.entryMode(name, PRIVATE_DIRECTORY);
    pending.push(RelativePath.ROOT.child(name));
    // Depth first without recursion: trees may be deeper than a stack or a descriptor table.
    while (!pending.isEmpty()) {
      RelativePath path = pending.pop();
      emptied.add(path);
      try (OutputDirectory directory = parent.beneath(path.bytes())) {
        empty(directory, path, pending);
      }
    }
    for (RelativePath path : emptied.reversed()) {
      try (OutputDirectory above = parent.beneath(path.parent())) {
        above.removeDirectory(path.lastName());
      }
    }
  }

  private static void empty(
      OutputDirectory directory, RelativePath path, Deque<RelativePath> pending)
      throws SystemCallException {
    Descriptor descriptor = directory.descriptor();
    for (DirectoryReader.Entry entry : DirectoryReader.list(descriptor, Integer.MAX_VALUE)) {
      if (entry.type() == FileStatus.DIRECTORY) {
        // A copied mode may forbid even its owner to look in.
        directory.entryMode(entry.name(), PRIVATE_DIRECTORY);
        pending.push(path.child(entry.name()));
      } else {
        directory.removeFile(entry.name());
      }
    }
  }
}
