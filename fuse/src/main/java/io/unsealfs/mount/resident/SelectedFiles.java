package io.unsealfs.mount.resident;

import io.unsealfs.os.HiddenMemory;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * How much memory the files would take that a plan selects. Adding up ends as soon as they are too
 * much or too many, so that a large tree does not hold up its mount.
 *
 * @param files that are large enough to be resident; each once, however many links it has
 * @param bytes of them, in whole huge pages
 * @param end how it ended
 */
public record SelectedFiles(int files, long bytes, End end) {
  private static final int MOST_ENTRIES = 20_000;

  /** Why adding up ended. */
  public enum End {
    /** All of them are in the sum. */
    ALL,
    /** They take more than was allowed. */
    TOO_MUCH,
    /** There are too many entries to look at each. */
    TOO_MANY
  }

  /**
   * Adds up. What cannot be listed or looked up counts for nothing: its reader gets the error.
   *
   * @param mostBytes where it is enough
   */
  public static SelectedFiles of(FileTree tree, Predicate<String> selects, long mostBytes)
      throws IOException {
    return of(tree, selects, mostBytes, MOST_ENTRIES);
  }

  static SelectedFiles of(FileTree tree, Predicate<String> selects, long mostBytes, int mostEntries)
      throws IOException {
    record Place(Node directory, String prefix) {}
    Set<Long> seen = new HashSet<>();
    long bytes = 0;
    int entries = 0;
    Deque<Place> pending = new ArrayDeque<>();
    pending.push(new Place(tree.root(), ""));
    while (!pending.isEmpty()) {
      Place place = pending.pop();
      for (DirectoryEntry entry : list(tree, place.directory())) {
        if (++entries > mostEntries) {
          return new SelectedFiles(seen.size(), bytes, End.TOO_MANY);
        }
        String path = place.prefix() + entry.name();
        boolean directory = entry.kind() == NodeKind.DIRECTORY;
        if (!directory && (entry.kind() != NodeKind.FILE || !selects.test(path))) {
          continue;
        }
        Node node;
        try {
          node = tree.lookup(place.directory(), entry.name());
        } catch (IOException e) {
          continue;
        }
        if (directory) {
          pending.push(new Place(node, path + "/"));
        } else if (node.attributes().size() >= ResidentPlan.LEAST_FILE_BYTES
            && seen.add(node.attributes().fileId())) {
          long size = node.attributes().size();
          if (size > mostBytes || HiddenMemory.roundedUp(size) > mostBytes - bytes) {
            return new SelectedFiles(seen.size(), bytes, End.TOO_MUCH);
          }
          bytes += HiddenMemory.roundedUp(size);
        }
      }
    }
    return new SelectedFiles(seen.size(), bytes, End.ALL);
  }

  private static List<DirectoryEntry> list(FileTree tree, Node directory) {
    try {
      return tree.list(directory);
    } catch (IOException e) {
      return List.of();
    }
  }
}
