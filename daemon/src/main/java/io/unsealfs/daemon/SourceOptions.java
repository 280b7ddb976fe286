package io.unsealfs.daemon;

import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.volume.ext4.Ext4Options;
import io.unsealfs.volume.ext4.JournalMode;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What is said about a volume, and limits on what its header may ask for. */
class SourceOptions {
  /** Where the volume is. */
  String source = "";

  @Option(
      names = "--format",
      paramLabel = "gocryptfs|luks|ext4",
      description = "Format of the volume, instead of the one that its content shows.")
  @Nullable String format;

  @Option(
      names = "--header-digest",
      paramLabel = "sha256:HEX",
      description =
          "Refuse the volume unless its header (gocryptfs.conf, or a LUKS header with its key"
              + " slots) has this digest.")
  @Nullable String headerDigest;

  @Option(
      names = "--kdf-memory",
      paramLabel = "SIZE",
      description =
          "Most memory that a volume's key derivation may ask for (default: 1G of heap for"
              + " gocryptfs, 2G outside of it for LUKS).")
  @Nullable ByteSize kdfMemory;

  @Option(
      names = "--header",
      paramLabel = "FILE",
      description = "Where the header of a LUKS image is, if not in the image.")
  @Nullable Path header;

  @Option(
      names = "--partition",
      paramLabel = "N",
      description = "Partition of the image to show (default: the only one that can be read).")
  @Nullable Integer partition;

  @Option(
      names = "--raw",
      description = "Show the decrypted image as one file instead of the files inside.")
  boolean raw;

  @Option(
      names = "--ext4-journal",
      paramLabel = "replay|refuse|ignore",
      defaultValue = "replay",
      description =
          "What to do about a file system that was not cleanly unmounted: read through its journal,"
              + " refuse it, or show it as it is (default: ${DEFAULT-VALUE}).")
  String ext4Journal = "replay";

  @Mixin LuksSourceOptions luks = new LuksSourceOptions();

  @Mixin ObjectOptions object = new ObjectOptions();

  /** Memory for what is fetched from a bucket, as {@code --prefetch} says; null for the default. */
  @Nullable ByteSize prefetch;

  /** Whether the volume lies in a bucket. */
  boolean isInBucket() {
    return ObjectUri.isOne(source);
  }

  /** The bytes of {@code --kdf-memory}, or as many as suit the format. */
  long kdfMemoryBytes(long usual) {
    return kdfMemory == null ? usual : kdfMemory.bytes();
  }

  OptionalInt partitionNumber() throws UsageException {
    if (partition == null) {
      return OptionalInt.empty();
    }
    if (partition < 1) {
      throw new UsageException("--partition " + partition + ": partitions are counted from 1");
    }
    if (raw) {
      throw new UsageException("--partition and --raw: the raw image has all partitions");
    }
    return OptionalInt.of(partition);
  }

  Ext4Options ext4() throws UsageException {
    return new Ext4Options(
        switch (ext4Journal) {
          case "replay" -> JournalMode.REPLAY;
          case "refuse" -> JournalMode.REFUSE;
          case "ignore" -> JournalMode.IGNORE;
          default ->
              throw new UsageException(
                  "--ext4-journal " + ext4Journal + ": choose replay, refuse or ignore");
        });
  }
}
