package io.unsealfs.mount.kernel;

import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.Validity;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import java.nio.ByteBuffer;

/** Writes {@code fuse_attr} and what holds it. Advances the buffer's position. */
final class EntryFormat {
  /** {@code struct fuse_entry_out}. */
  static final int ENTRY_SIZE = 128;

  /** {@code struct fuse_attr_out}. */
  static final int ATTRIBUTES_SIZE = 104;

  /** {@code struct fuse_dirent} without the name. */
  private static final int DIRENT_SIZE = 24;

  private static final int BLOCK_SIZE = 4096;
  private static final byte[] PADDING = new byte[8];

  private EntryFormat() {}

  /** An entry that the kernel may keep for a while. */
  static void entry(ByteBuffer out, long nodeId, Attributes shown, Validity validity) {
    out.putLong(nodeId).putLong(0); // generation: numbers are never used twice
    out.putLong(validity.entrySeconds()).putLong(validity.entrySeconds()).putInt(0).putInt(0);
    attributes(out, shown);
  }

  /** The entry that says that there is no such name, and that the kernel may remember it. */
  static void absent(ByteBuffer out, Validity validity) {
    int end = out.position() + ENTRY_SIZE;
    out.putLong(0).putLong(0).putLong(validity.absentSeconds());
    zeros(out, end);
  }

  /** Attributes that the kernel may keep. */
  static void attributesReply(ByteBuffer out, Attributes shown, Validity validity) {
    out.putLong(validity.entrySeconds()).putInt(0).putInt(0);
    attributes(out, shown);
  }

  private static void attributes(ByteBuffer out, Attributes a) {
    out.putLong(a.fileId()).putLong(a.size()).putLong(a.blocks());
    long modified = a.modifiedSeconds();
    out.putLong(modified).putLong(modified);
    out.putLong(a.changedSeconds());
    int modifiedNanos = a.modifiedNanoOfSecond();
    out.putInt(modifiedNanos).putInt(modifiedNanos);
    out.putInt(a.changedNanoOfSecond());
    out.putInt(NodeAdapter.typeBits(a.kind()) | a.mode());
    out.putInt(a.linkCount()).putInt(a.uid()).putInt(a.gid());
    out.putInt(device(a.deviceNumber())).putInt(BLOCK_SIZE).putInt(0);
  }

  /** The kernel's 32-bit form of a device number ({@code new_encode_dev}). */
  private static int device(long number) {
    long major = (number >>> 8 & 0xfff) | (number >>> 32 & 0xfffff000L);
    long minor = (number & 0xff) | (number >>> 12 & 0xffffff00L);
    return (int) ((minor & 0xff) | major << 8 | (minor & ~0xffL) << 12);
  }

  /** Bytes that a listed name takes. */
  static int direntSize(Name name) {
    return DIRENT_SIZE + (name.length() + 7 & ~7);
  }

  /**
   * A listed name.
   *
   * @param next where the listing goes on after it
   */
  static void dirent(ByteBuffer out, long fileId, long next, int typeBits, Name name) {
    int end = out.position() + direntSize(name);
    out.putLong(fileId).putLong(next).putInt(name.length()).putInt(typeBits >>> 12);
    for (int i = 0; i < name.length(); i++) {
      out.put(name.at(i));
    }
    zeros(out, end);
  }

  private static void zeros(ByteBuffer out, int end) {
    while (out.position() < end) {
      out.put(PADDING, 0, Math.min(PADDING.length, end - out.position()));
    }
  }
}
