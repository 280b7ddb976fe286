package io.unsealfs.block;

import org.jspecify.annotations.Nullable;

/** The blocks of one extent that are not authentic, and why. Not changed once published. */
final class BlockDamage {
  private final @Nullable String[] problems;

  /** No damage yet in an extent of {@code blocks} blocks. */
  BlockDamage(int blocks) {
    this.problems = new @Nullable String[blocks];
  }

  void mark(int blockInExtent, String problem) {
    problems[blockInExtent] = problem;
  }

  /** First damaged block of {@code from..to}, both included, or -1. */
  int firstIn(int from, int to) {
    for (int block = from; block <= to; block++) {
      if (problems[block] != null) {
        return block;
      }
    }
    return -1;
  }

  /** What is wrong with a damaged block. */
  String problemOf(int blockInExtent) {
    String problem = problems[blockInExtent];
    return problem == null ? "not damaged" : problem;
  }
}
