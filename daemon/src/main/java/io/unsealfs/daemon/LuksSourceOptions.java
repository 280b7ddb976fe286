package io.unsealfs.daemon;

import io.unsealfs.volume.luks.LuksOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a LUKS header has to say, since nobody vouches for it, and what it may cost. */
final class LuksSourceOptions {
  @Option(
      names = "--luks-cipher",
      paramLabel = "SPEC",
      description = "Refuse a LUKS image unless its data have this cipher, as aes-xts-plain64.")
  @Nullable String cipher;

  @Option(
      names = "--luks-key-size",
      paramLabel = "BITS",
      description = "… unless its volume key has this size.")
  @Nullable Integer keyBits;

  @Option(
      names = "--luks-sector-size",
      paramLabel = "BYTES",
      description = "… unless its sectors have this size.")
  @Nullable Integer sectorSize;

  @Option(
      names = "--luks-kdf",
      paramLabel = "pbkdf2|argon2i|argon2id",
      description = "… unless all key slots that may be tried have this key derivation.")
  @Nullable String kdf;

  @Option(names = "--luks-uuid", paramLabel = "UUID", description = "… unless it has this UUID.")
  @Nullable String uuid;

  @Option(
      names = "--luks-offset",
      paramLabel = "BYTES",
      description = "… unless its data begin there.")
  @Nullable Long offset;

  @Option(
      names = "--luks-slot",
      paramLabel = "N",
      description = "Try this key slot only, whatever its priority.")
  @Nullable Integer slot;

  @Option(
      names = "--luks-identical-copies",
      description = "Refuse a LUKS2 header whose two copies are not both good and the same.")
  boolean identicalCopies;

  @Option(
      names = "--luks-any-iv-tweak",
      description = "Accept a LUKS2 header whose count of sectors does not begin at 0.")
  boolean anyIvTweak;

  @Option(
      names = "--luks-max-iterations",
      paramLabel = "N",
      defaultValue = "50000000",
      description = "Most iterations of PBKDF2 (default: ${DEFAULT-VALUE}).")
  int maxIterations = LuksOptions.DEFAULT_MAX_ITERATIONS;

  @Option(
      names = "--luks-max-lanes",
      paramLabel = "N",
      defaultValue = "4",
      description = "Most lanes of Argon2, up to 16 (default: ${DEFAULT-VALUE}).")
  int maxLanes = LuksOptions.DEFAULT_MAX_LANES;

  @Option(
      names = "--luks-max-slots",
      paramLabel = "N",
      defaultValue = "32",
      description = "Most key slots tried with one passphrase (default: ${DEFAULT-VALUE}).")
  int maxSlots = 32;

  @Option(
      names = "--luks-max-time",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description =
          "Most time that opening with one passphrase may take (default: ${DEFAULT-VALUE}).")
  int maxSeconds = 120;

  LuksOptions options() throws UsageException {
    require(maxIterations >= 1000, "--luks-max-iterations", "1000 or more");
    require(maxLanes >= 1 && maxLanes <= 16, "--luks-max-lanes", "1 to 16");
    require(maxSlots >= 1 && maxSlots <= 32, "--luks-max-slots", "1 to 32");
    require(maxSeconds >= 1, "--luks-max-time", "1 or more");
    require(slot == null || (slot >= 0 && slot <= 31), "--luks-slot", "0 to 31");
    return new LuksOptions(
        Optional.ofNullable(cipher),
        optional(keyBits),
        optional(sectorSize),
        Optional.ofNullable(kdf),
        Optional.ofNullable(uuid),
        optional(slot),
        offset == null ? OptionalLong.empty() : OptionalLong.of(offset),
        anyIvTweak,
        identicalCopies,
        maxIterations,
        maxLanes,
        maxSlots,
        Duration.ofSeconds(maxSeconds));
  }

  private static void require(boolean holds, String option, String range) throws UsageException {
    if (!holds) {
      throw new UsageException(option + ": give " + range);
    }
  }

  private static OptionalInt optional(@Nullable Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
