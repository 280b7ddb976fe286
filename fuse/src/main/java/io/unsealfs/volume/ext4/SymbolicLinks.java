package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Name;
import java.io.IOException;
import java.util.Arrays;

/** The targets of symbolic links (ext4.md section 7). */
final class SymbolicLinks {
  private static final int MAX_TARGET = 4095;

  private SymbolicLinks() {}

  static Name target(Inode inode, Contents contents) throws IOException {
    long size = inode.size();
    if (size < 1 || size > MAX_TARGET) {
      throw inode.damaged("its target has " + size + " bytes, not 1 to " + MAX_TARGET);
    }
    boolean fast =
        size < Inode.MAP_SIZE && !inode.has(Inode.EXTENTS) && !inode.has(Inode.INLINE_DATA);
    byte[] target =
        fast ? Arrays.copyOf(inode.map(), (int) size) : contents.whole(inode, MAX_TARGET);
    for (byte b : target) {
      if (b == 0) {
        throw inode.damaged("its target has a zero byte");
      }
    }
    return Name.of(target);
  }
}
