package io.unsealfs.daemon;

import io.unsealfs.volume.luks.LuksWriter;
import picocli.CommandLine.Option;

/** What a passphrase of a new LUKS2 image costs to try. */
final class Luks2Options {
  @Option(
      names = "--luks-pbkdf",
      paramLabel = "argon2id|pbkdf2",
      defaultValue = "argon2id",
      description = "luks2: how the passphrase is stretched (default: ${DEFAULT-VALUE}).")
  String pbkdf = "argon2id";

  @Option(
      names = "--luks-argon2-memory",
      paramLabel = "SIZE",
      defaultValue = "1G",
      description = "luks2: memory of argon2id, 32K to 4G (default: ${DEFAULT-VALUE}).")
  ByteSize argon2Memory = new ByteSize(1L << 30);

  @Option(
      names = "--luks-argon2-time",
      paramLabel = "N",
      defaultValue = "4",
      description = "luks2: passes of argon2id, 4 to 1000 (default: ${DEFAULT-VALUE}).")
  int argon2Time = LuksWriter.Stretching.DEFAULT.passes();

  @Option(
      names = "--luks-argon2-lanes",
      paramLabel = "N",
      defaultValue = "4",
      description = "luks2: lanes of argon2id, 1 to 4 (default: ${DEFAULT-VALUE}).")
  int argon2Lanes = LuksWriter.Stretching.DEFAULT.lanes();

  @Option(
      names = "--luks-iterations",
      paramLabel = "N",
      defaultValue = "2000000",
      description = "luks2: iterations of pbkdf2, 1000 and more (default: ${DEFAULT-VALUE}).")
  int iterations = LuksWriter.Stretching.DEFAULT.iterations();

  LuksWriter.Stretching stretching() throws UsageException {
    if (!pbkdf.equals("argon2id") && !pbkdf.equals("pbkdf2")) {
      throw new UsageException("--luks-pbkdf " + pbkdf + ": choose argon2id or pbkdf2");
    }
    try {
      return new LuksWriter.Stretching(
          pbkdf.equals("argon2id"),
          argon2Time,
          Math.toIntExact(argon2Memory.bytes() / 1024),
          argon2Lanes,
          iterations);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new UsageException(
          "--luks-argon2-memory is 32K to 4G, --luks-argon2-time 4 to 1000, --luks-argon2-lanes 1"
              + " to 4, --luks-iterations 1000 and more");
    }
  }
}
