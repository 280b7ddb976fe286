package io.unsealfs.trees;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * All that can be seen of a tree, as text to compare: attributes, link targets, content, xattrs.
 */
public final class TreeImage {
  private static final String SCRIPT =
      """
      set -euo pipefail
      cd "$1"
      find . -mindepth 1 \\( -type d -printf '%P|%y|%m|%U:%G|%T@\\0' \\) -o \\
        -printf '%P|%y|%m|%U:%G|%s|%T@|%n|%l\\0' | sort -z | tr '\\0' '\\n'
      find . -maxdepth 0 -printf 'root|%y|%m|%U:%G|%T@\\n'
      find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z | tr '\\0' '\\n'
      find . -links +1 ! -type d -printf '%P/%i\\0' | sort -z | tr '\\0' '\\n' | awk '
        { n = split($0, part, "/"); i = part[n]; if (i in seen) print "same file:", seen[i], NR
          seen[i] = NR }'
      find . \\( -type f -o -type d \\) -print0 | sort -z \\
        | xargs -0 -r getfattr -d -e hex -m '^user\\.' -- 2>/dev/null || true
      """;

  private TreeImage() {}

  /** The image of the tree at {@code directory}. */
  public static String of(Path directory) throws IOException, InterruptedException {
    return Commands.succeed("bash", "-c", SCRIPT, "bash", directory.toString());
  }

  /** What is different between two trees: lines of the one (-) that the other (+) has not. */
  public static List<String> differences(Path expected, Path actual)
      throws IOException, InterruptedException {
    List<String> before = of(expected).lines().toList();
    List<String> after = of(actual).lines().toList();
    List<String> differences = new ArrayList<>();
    if (!before.equals(after)) {
      Set<String> inBefore = new HashSet<>(before);
      Set<String> inAfter = new HashSet<>(after);
      before.stream().filter(l -> !inAfter.contains(l)).forEach(l -> differences.add("- " + l));
      after.stream().filter(l -> !inBefore.contains(l)).forEach(l -> differences.add("+ " + l));
      if (differences.isEmpty()) {
        differences.add("same lines in another order");
      }
    }
    return differences;
  }
}
