package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import java.util.Arrays;

/** From ext4's form of a POSIX ACL to the one that getxattr(2) shows (ext4.md section 8). */
final class PosixAcl {
  private static final int STORED_VERSION = 1;
  private static final int SHOWN_VERSION = 2;
  private static final int HEADER_SIZE = 4;
  private static final int SHORT_ENTRY_SIZE = 4;
  private static final int LONG_ENTRY_SIZE = 8;
  private static final int USER = 0x2;
  private static final int GROUP = 0x8;
  private static final int NO_ID = -1;

  private PosixAcl() {}

  static byte[] converted(byte[] stored, Inode inode) throws IntegrityException {
    if (stored.length < HEADER_SIZE || LittleEndian.s32(stored, 0) != STORED_VERSION) {
      throw inode.damaged("its access control list is of an unknown version");
    }
    byte[] shown = new byte[HEADER_SIZE + 2 * stored.length];
    LittleEndian.put32(shown, 0, SHOWN_VERSION);
    int to = HEADER_SIZE;
    for (int at = HEADER_SIZE; at < stored.length; ) {
      if (at > stored.length - SHORT_ENTRY_SIZE) {
        throw cutShort(inode);
      }
      int tag = LittleEndian.u16(stored, at);
      boolean named = tag == USER || tag == GROUP;
      if (named && at > stored.length - LONG_ENTRY_SIZE) {
        throw cutShort(inode);
      }
      LittleEndian.put32(shown, to, LittleEndian.s32(stored, at));
      LittleEndian.put32(shown, to + 4, named ? LittleEndian.s32(stored, at + 4) : NO_ID);
      at += named ? LONG_ENTRY_SIZE : SHORT_ENTRY_SIZE;
      to += LONG_ENTRY_SIZE;
    }
    return Arrays.copyOf(shown, to);
  }

  private static IntegrityException cutShort(Inode inode) {
    return inode.damaged("its access control list is cut short");
  }
}
