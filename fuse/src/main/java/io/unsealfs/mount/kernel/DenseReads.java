package io.unsealfs.mount.kernel;

import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Finds the regions of files that readers go through page by page in an order the kernel's own
 * read-ahead cannot guess. Keeps one bit per page of the regions asked for last; what it forgets or
 * mixes up costs a reader time and nothing else. Thread-safe, without locks.
 */
final class DenseReads {
  static final int PAGE_BYTES = 4 << 10;

  /** Of a region. A bit of each is in the low end of an entry. */
  private static final int PAGES = 16;

  static final int REGION_BYTES = PAGES * PAGE_BYTES;

  /**
   * Pages of a region after which the others are taken to be wanted as well. A page that is given
   * unasked costs about a third of one that is asked for: who stops after this many of each region
   * has lost a seventh of his time, who goes on has a quarter of the requests
   * (docs/performance.md).
   */
  static final int ENOUGH = 4;

  private static final long ALL = (1 << PAGES) - 1;

  /** Regions in memory: 4 GiB of files in 512 KiB. The low bits of a region's hash find it. */
  private static final int REGIONS = 1 << PAGES;

  /** Per region the rest of its hash, and its pages in the low bits. Made by the first read. */
  private volatile @Nullable AtomicLongArray regions;

  /**
   * Notes that a page was asked for.
   *
   * @param node number of the inode
   * @param offset of the page, in bytes
   * @return whether enough of its region was, but not all
   */
  boolean note(long node, long offset) {
    AtomicLongArray table = table();
    long hash = hash(node, offset / REGION_BYTES);
    int slot = (int) (hash & (REGIONS - 1));
    long page = 1L << (offset / PAGE_BYTES % PAGES);
    long known;
    long pages;
    do {
      known = table.get(slot);
      pages = (known ^ hash) >>> PAGES == 0 ? known & ALL : 0;
      // all: the kernel had them and has dropped this one, so it begins anew
      pages = pages == ALL ? page : pages | page;
    } while (!table.weakCompareAndSetVolatile(slot, known, (hash & ~ALL) | pages));
    return Long.bitCount(pages) >= ENOUGH && pages != ALL;
  }

  /** Notes that the kernel has all pages of a region, or is not to get them. */
  void done(long node, long offset) {
    long hash = hash(node, offset / REGION_BYTES);
    table().set((int) (hash & (REGIONS - 1)), hash | ALL);
  }

  private AtomicLongArray table() {
    AtomicLongArray table = regions;
    if (table == null) {
      synchronized (this) {
        table = regions;
        if (table == null) {
          table = new AtomicLongArray(REGIONS);
          regions = table;
        }
      }
    }
    return table;
  }

  /** The finalizer of SplitMix64 over both numbers: neighbours are to lie far apart. */
  private static long hash(long node, long region) {
    long z = node * 0x9e3779b97f4a7c15L + region;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
