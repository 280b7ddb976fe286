package io.unsealfs.daemon;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which volume, and limits on what its header may ask for. */
final class SourceOptions {
  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description = "The encrypted volume: a directory.")
  String source = "";

  @Option(
      names = "--format",
      paramLabel = "gocryptfs",
      description = "Format of the volume, instead of the one that its content shows.")
  @Nullable String format;

  @Option(
      names = "--header-digest",
      paramLabel = "sha256:HEX",
      description = "Refuse the volume unless its header (gocryptfs.conf) has this digest.")
  @Nullable String headerDigest;

  @Option(
      names = "--kdf-memory",
      paramLabel = "SIZE",
      defaultValue = "1G",
      description =
          "Most memory that a volume's key derivation may ask for (default: ${DEFAULT-VALUE}).")
  ByteSize kdfMemory = new ByteSize(1L << 30);
}
