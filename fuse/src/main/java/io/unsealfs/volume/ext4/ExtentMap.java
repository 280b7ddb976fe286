package io.unsealfs.volume.ext4;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A file mapped by an extent tree. A lookup walks one path, or none if it is where the last was.
 */
final class ExtentMap implements BlockMap {
  private final Inode inode;
  private final ExtentNodes nodes;
  private final ExtentNode root;
  private volatile @Nullable Leaf recent;

  /**
   * A leaf and the logical blocks it answers for.
   *
   * @param low first of them
   * @param high first that is not among them
   */
  private record Leaf(ExtentNode node, long low, long high) {}

  ExtentMap(Inode inode, ExtentNodes nodes) throws IOException {
    this.inode = inode;
    this.nodes = nodes;
    this.root = ExtentNode.parse(inode.map(), 0, Inode.MAP_SIZE, -1, inode, nodes.superblock());
  }

  @Override
  public void find(long logical, long wanted, Run run) throws IOException {
    Leaf leaf = recent;
    if (leaf == null || logical < leaf.low || logical >= leaf.high) {
      leaf = descend(logical);
      recent = leaf;
    }
    ExtentNode node = leaf.node;
    int index = node.floor(logical);
    if (index >= 0) {
      long within = logical - node.logical(index);
      long left = node.length(index) - within;
      if (left > 0) {
        long physical = node.physical(index);
        if (physical == 0) {
          run.zeros(left);
        } else {
          run.mapped(physical + within, left);
        }
        return;
      }
    }
    long end = index + 1 < node.count() ? node.logical(index + 1) : leaf.high;
    run.zeros(end - logical);
  }

  private Leaf descend(long logical) throws IOException {
    ExtentNode node = root;
    long low = 0;
    long high = MAX_BLOCKS;
    while (node.depth() > 0) {
      // what lies before the first child is a hole; the first child answers for it too
      int index = Math.max(0, node.floor(logical));
      long childHigh = index + 1 < node.count() ? node.logical(index + 1) : high;
      ExtentNode child = nodes.read(inode, node.physical(index), node.depth() - 1);
      if (!child.isWithin(node.logical(index), childHigh)) {
        throw inode.damaged("its extent tree has a node that does not fit the one above it");
      }
      low = index == 0 ? low : node.logical(index);
      high = childHigh;
      node = child;
    }
    return new Leaf(node, low, high);
  }
}
