package io.unsealfs.volume.image;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** What a device holds, by the magic numbers that it begins with. They prove nothing. */
public enum KnownContent {
  /** ext2, ext3 or ext4, the ones that can be read. */
  EXT("ext2/ext3/ext4", new Magic(0x438, "53ef")),
  /** XFS. */
  XFS("xfs", Magic.text(0, "XFSB")),
  /** Read-only, compressed. */
  SQUASHFS("squashfs", Magic.text(0, "hsqs")),
  /** Read-only, compressed. */
  EROFS("erofs", new Magic(0x400, "e2e1f5e0")),
  /** Btrfs. */
  BTRFS("btrfs", Magic.text(0x10040, "_BHRfS_M")),
  /** Bcachefs. */
  BCACHEFS("bcachefs", new Magic(0x1018, "c68573f66573fe4ba41da3cb51b45d8a")),
  /** Flash-friendly file system. */
  F2FS("f2fs", new Magic(0x400, "1020f5f2")),
  /** LUKS, either version: encrypted twice. */
  LUKS("LUKS", new Magic(0, "4c554b53babe")),
  /** A physical volume of LVM. */
  LVM(
      "LVM2 physical volume",
      Magic.text(0x18, "LVM2 001"),
      Magic.text(0x218, "LVM2 001"),
      Magic.text(0x418, "LVM2 001"),
      Magic.text(0x618, "LVM2 001")),
  /** A member of a Linux software RAID, metadata at the front. */
  RAID("Linux RAID member", new Magic(0, "fc4e2ba9"), new Magic(0x1000, "fc4e2ba9")),
  /** Swap space, for the page sizes there are. */
  SWAP(
      "swap",
      Magic.text(0xff6, "SWAPSPACE2"),
      Magic.text(0x3ff6, "SWAPSPACE2"),
      Magic.text(0xfff6, "SWAPSPACE2")),
  /** NTFS. */
  NTFS("ntfs", Magic.text(3, "NTFS    ")),
  /** ExFAT. */
  EXFAT("exfat", Magic.text(3, "EXFAT   ")),
  /** FAT of 12, 16 or 32 bits. */
  VFAT("vfat", Magic.text(0x52, "FAT32   "), Magic.text(0x36, "FAT1")),
  /** CD-ROM. */
  ISO9660("iso9660", Magic.text(0x8001, "CD001")),
  /** A disk image of QEMU. */
  QCOW2("qcow2 disk image", new Magic(0, "514649fb"));

  private static final int LONGEST = 16;

  private final String text;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<Magic> magics;

  KnownContent(String text, Magic... magics) {
    this.text = text;
    this.magics = List.of(magics);
  }

  private record Magic(long at, String hex) {
    static Magic text(long at, String text) {
      return new Magic(at, HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII)));
    }

    boolean isIn(Source device) throws IOException {
      byte[] wanted = HexFormat.of().parseHex(hex);
      ByteBuffer found = ByteBuffer.allocate(LONGEST).limit(wanted.length);
      device.read(at, found);
      return !found.hasRemaining()
          && Arrays.equals(wanted, 0, wanted.length, found.array(), 0, wanted.length);
    }
  }

  /** What people call it. */
  public String text() {
    return text;
  }

  /** What the device holds; empty if it is nothing known. Reads a few bytes. */
  public static Optional<KnownContent> of(Source plaintextDevice) throws IOException {
    for (KnownContent content : values()) {
      for (Magic magic : content.magics) {
        if (magic.isIn(plaintextDevice)) {
          return Optional.of(content);
        }
      }
    }
    return Optional.empty();
  }
}
