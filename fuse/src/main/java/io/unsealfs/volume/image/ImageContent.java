package io.unsealfs.volume.image;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds the file system to be shown on a plaintext device. Stateless. */
public final class ImageContent {
  private static final String RAW = "; use --raw for the decrypted image";

  private ImageContent() {}

  /** The partitions of a device, none if it has no partition table. */
  public static List<Partition> partitions(Source plaintextDevice) throws IOException {
    return PartitionTable.of(plaintextDevice);
  }

  /**
   * The device or the partition that holds an ext2, ext3 or ext4 file system. What is returned
   * closes the device; when this throws, the device stays the caller's.
   *
   * @param partition the partition to take; if empty, the device itself or the only partition with
   *     such a file system
   * @param state what the error text is to begin with, like "unlocked"
   * @throws VolumeFormatException if nothing that can be read is there; the text says what is
   */
  public static Source find(Source plaintextDevice, OptionalInt partition, String state)
      throws IOException {
    if (partition.isPresent()) {
      return chosen(plaintextDevice, partition.getAsInt(), state);
    }
    Optional<KnownContent> content = KnownContent.of(plaintextDevice);
    if (content.isPresent()) {
      return require(plaintextDevice, content, state, "file system");
    }
    List<Partition> partitions = PartitionTable.of(plaintextDevice);
    if (partitions.isEmpty()) {
      throw new VolumeFormatException(
          state + ", but no known file system and no partition table is inside" + RAW);
    }
    return only(plaintextDevice, partitions, state);
  }

  private static Source chosen(Source device, int number, String state) throws IOException {
    List<Partition> partitions = PartitionTable.of(device);
    for (Partition partition : partitions) {
      if (partition.number() == number) {
        Source slice = new PartitionSource(device, partition);
        return require(slice, KnownContent.of(slice), state, "content of partition " + number);
      }
    }
    throw new VolumeFormatException(
        state
            + "; there is no partition "
            + number
            + (partitions.isEmpty()
                ? ": there is no partition table, leave --partition out"
                : ", only " + numbers(partitions)));
  }

  private static Source only(Source device, List<Partition> partitions, String state)
      throws IOException {
    List<Partition> readable = new ArrayList<>();
    List<String> contents = new ArrayList<>();
    for (Partition partition : partitions) {
      Optional<KnownContent> content = KnownContent.of(new PartitionSource(device, partition));
      if (content.equals(Optional.of(KnownContent.EXT))) {
        readable.add(partition);
      }
      contents.add(partition.number() + ": " + content.map(KnownContent::text).orElse("unknown"));
    }
    if (readable.size() == 1) {
      return new PartitionSource(device, readable.getFirst());
    }
    throw new VolumeFormatException(
        readable.isEmpty()
            ? state
                + "; no partition holds a file system that is supported ("
                + String.join(", ", contents)
                + ")"
                + RAW
            : state
                + "; several partitions hold a file system: choose one with --partition ("
                + numbers(readable)
                + ")");
  }

  private static Source require(
      Source source, Optional<KnownContent> content, String state, String what)
      throws VolumeFormatException {
    if (content.equals(Optional.of(KnownContent.EXT))) {
      return source;
    }
    throw new VolumeFormatException(
        state
            + "; "
            + what
            + " is "
            + content.map(KnownContent::text).orElse("unknown")
            + ", which is not supported"
            + RAW);
  }

  private static String numbers(List<Partition> partitions) {
    return String.join(
        ", ", partitions.stream().map(each -> String.valueOf(each.number())).toList());
  }
}
