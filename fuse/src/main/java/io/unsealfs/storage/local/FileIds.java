package io.unsealfs.storage.local;

import java.security.SecureRandom;

/**
 * Makes one number of device and inode. Files of the root's own file system keep their inode
 * number; those of file systems mounted further down get a mixture in a range of its own, keyed by
 * chance so that nobody can prepare two files with the same.
 */
final class FileIds {
  private static final long MIXED = 1L << 62;

  private final long rootDevice;
  private final long deviceKey;
  private final long inodeKey;

  FileIds(long rootDevice) {
    this.rootDevice = rootDevice;
    SecureRandom random = new SecureRandom();
    this.deviceKey = random.nextLong();
    this.inodeKey = random.nextLong();
  }

  /** The id of {@code inode} on {@code device}: positive, the same for every name of the file. */
  long of(long device, long inode) {
    if (device == rootDevice && inode > 0 && inode < MIXED) {
      return inode;
    }
    long mixed = mix(inode ^ inodeKey ^ mix(device ^ deviceKey));
    return MIXED | (mixed >>> 2);
  }

  /** The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
  private static long mix(long bits) {
    long h = bits;
    h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return h ^ (h >>> 33);
  }
}
