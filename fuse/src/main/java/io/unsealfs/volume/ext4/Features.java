package io.unsealfs.volume.ext4;

import io.unsealfs.volume.VolumeFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The feature words of the superblock (ext4.md section 2).
 *
 * @param compat features that nobody has to know
 * @param incompat features without which nothing can be read
 * @param roCompat features without which nothing can be written
 */
record Features(int compat, int incompat, int roCompat) {
  static final int COMPAT_HAS_JOURNAL = 0x4;
  static final int COMPAT_SPARSE_SUPER2 = 0x200;

  static final int FILETYPE = 0x2;
  static final int RECOVER = 0x4;
  static final int META_BG = 0x10;
  static final int EXTENTS = 0x40;
  static final int WIDE = 0x80;
  static final int EA_INODE = 0x400;
  static final int CSUM_SEED = 0x2000;
  static final int LARGE_DIR = 0x4000;
  static final int INLINE_DATA = 0x8000;

  static final int RO_SPARSE_SUPER = 0x1;
  static final int RO_GDT_CSUM = 0x10;
  static final int RO_BIGALLOC = 0x200;
  static final int RO_METADATA_CSUM = 0x400;

  private static final int READ =
      FILETYPE
          | RECOVER
          | META_BG
          | EXTENTS
          | WIDE
          | 0x100
          | 0x200
          | EA_INODE
          | CSUM_SEED
          | LARGE_DIR
          | INLINE_DATA;

  private static final String[] COMPAT_NAMES = {
    "dir_prealloc", "imagic_inodes", "has_journal", "ext_attr", "resize_inode", "dir_index",
    "lazy_bg", "exclude_inode", "exclude_bitmap", "sparse_super2", "fast_commit", "stable_inodes",
    "orphan_file"
  };
  private static final String[] INCOMPAT_NAMES = {
    "compression", "filetype", "needs_recovery", "journal_dev", "meta_bg", "", "extent", "64bit",
    "mmp", "flex_bg", "ea_inode", "", "dirdata", "metadata_csum_seed", "large_dir", "inline_data",
    "encrypt", "casefold"
  };
  private static final String[] RO_COMPAT_NAMES = {
    "sparse_super", "large_file", "btree_dir", "huge_file", "uninit_bg", "dir_nlink", "extra_isize",
    "has_snapshot", "quota", "bigalloc", "metadata_csum", "replica", "read-only", "project",
    "shared_blocks", "verity", "orphan_present"
  };

  boolean hasCompat(int bit) {
    return (compat & bit) != 0;
  }

  boolean hasIncompat(int bit) {
    return (incompat & bit) != 0;
  }

  boolean hasRoCompat(int bit) {
    return (roCompat & bit) != 0;
  }

  boolean checksums() {
    return hasRoCompat(RO_METADATA_CSUM);
  }

  /** Refuses what this reader does not know, by name. */
  void requireReadable() throws VolumeFormatException {
    int unknown = incompat & ~READ;
    if (unknown != 0) {
      throw new VolumeFormatException(
          "ext4: the file system uses "
              + String.join(", ", names(unknown, INCOMPAT_NAMES))
              + ", which is not supported: copy the files into one without");
    }
    if (hasIncompat(RECOVER) && !hasCompat(COMPAT_HAS_JOURNAL)) {
      throw new VolumeFormatException(
          "ext4: the file system needs its journal replayed but has none: run e2fsck on a copy");
    }
  }

  /** Names of all features, as mke2fs spells them. */
  List<String> names() {
    List<String> names = names(compat, COMPAT_NAMES);
    names.addAll(names(incompat, INCOMPAT_NAMES));
    names.addAll(names(roCompat, RO_COMPAT_NAMES));
    return names;
  }

  private static List<String> names(int bits, String[] known) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      if ((bits & 1 << i) != 0) {
        names.add(
            i < known.length && !known[i].isEmpty()
                ? known[i]
                : String.format(Locale.ROOT, "unknown-0x%x", 1 << i));
      }
    }
    return names;
  }
}
