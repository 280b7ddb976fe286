package io.unsealfs.volume.ext4;

import io.unsealfs.volume.VolumeInfo;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code info} shows of a superblock. */
final class Ext4Info {
  private Ext4Info() {}

  static VolumeInfo of(Superblock superblock) {
    Features features = superblock.features();
    boolean journal = features.hasCompat(Features.COMPAT_HAS_JOURNAL);
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("generation", generation(features, journal));
    shown.put("label", superblock.label().toString());
    shown.put("uuid", superblock.uuidText());
    shown.put("block_size", superblock.blockSize());
    shown.put("blocks", superblock.blocks());
    shown.put("free_blocks", superblock.freeBlocks());
    shown.put("inodes", superblock.inodes());
    shown.put("free_inodes", superblock.freeInodes());
    shown.put("inode_size", superblock.inodeSize());
    shown.put("cluster_size", superblock.clusterSize());
    shown.put("features", features.names());
    shown.put("metadata_checksums", features.checksums());
    shown.put(
        "journal",
        !journal ? "none" : features.hasIncompat(Features.RECOVER) ? "needs recovery" : "clean");
    shown.put("errors_recorded", (superblock.state() & Superblock.STATE_ERRORS) != 0);
    return new VolumeInfo("ext4", shown);
  }

  private static String generation(Features features, boolean journal) {
    boolean fourth =
        (features.incompat() & ~(Features.FILETYPE | Features.RECOVER | Features.META_BG)) != 0
            || (features.roCompat() & ~0x7) != 0;
    return fourth ? "ext4" : journal ? "ext3" : "ext2";
  }
}
