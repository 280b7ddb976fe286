package io.unsealfs.volume.ext4;

import java.util.Arrays;

/**
 * Which blocks of the file system have a newer copy in the journal, by ascending number. Immutable.
 */
final class JournalOverlay {
  /** Nothing. */
  static final JournalOverlay NONE = new JournalOverlay(new long[0], new long[0]);

  private static final long ESCAPED = 1L << 62;

  private final long[] blocks;
  private final long[] sources;

  private JournalOverlay(long[] blocks, long[] sources) {
    this.blocks = blocks;
    this.sources = sources;
  }

  boolean isEmpty() {
    return blocks.length == 0;
  }

  int size() {
    return blocks.length;
  }

  /** Index of the first overlaid block that is not before {@code block}. */
  int atOrAfter(long block) {
    int found = Arrays.binarySearch(blocks, block);
    return found >= 0 ? found : -found - 1;
  }

  long block(int index) {
    return blocks[index];
  }

  /** The block that holds the newer copy. */
  long source(int index) {
    return sources[index] & ~ESCAPED;
  }

  /** Whether the copy's first bytes are to be replaced by the journal's magic number. */
  boolean isEscaped(int index) {
    return (sources[index] & ESCAPED) != 0;
  }

  /** Collects the copies in the order in which the journal has them; the last one counts. */
  static final class Builder {
    private long[] blocks = new long[64];
    private long[] sources = new long[64];
    private int count;

    int count() {
      return count;
    }

    void add(long block, long source, boolean escaped) {
      if (count == blocks.length) {
        blocks = Arrays.copyOf(blocks, 2 * count);
        sources = Arrays.copyOf(sources, 2 * count);
      }
      blocks[count] = block;
      sources[count++] = escaped ? source | ESCAPED : source;
    }

    JournalOverlay build() {
      Integer[] order = new Integer[count];
      Arrays.setAll(order, i -> i);
      // stable: of one block's copies the last comes last
      Arrays.sort(order, (a, b) -> Long.compare(blocks[a], blocks[b]));
      long[] sortedBlocks = new long[count];
      long[] sortedSources = new long[count];
      int kept = 0;
      for (int i = 0; i < count; i++) {
        long block = blocks[order[i]];
        if (kept > 0 && sortedBlocks[kept - 1] == block) {
          kept--;
        }
        sortedBlocks[kept] = block;
        sortedSources[kept++] = sources[order[i]];
      }
      return new JournalOverlay(
          Arrays.copyOf(sortedBlocks, kept), Arrays.copyOf(sortedSources, kept));
    }
  }
}
