package io.unsealfs.volume.luks;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What the user of an image demands of its header, which nobody authenticates, and what its header
 * may demand of the machine (luks.md sections 5 and 6). A demand narrows what is accepted; nothing
 * widens the list of ciphers.
 *
 * @param cipher the data's cipher, as in {@code aes-xts-plain64}
 * @param keyBits size of the volume key in bits
 * @param sectorSize bytes of a sector
 * @param kdf {@code pbkdf2}, {@code argon2i} or {@code argon2id}, of every slot that may be tried
 * @param uuid the image's UUID
 * @param slot the only slot to try
 * @param dataOffset bytes before the data
 * @param anyIvTweak whether the count of sectors may begin elsewhere than at 0
 * @param identicalCopies whether the two copies of a LUKS2 header must both be good and say the
 *     same
 * @param maxIterations most iterations of PBKDF2 for one slot, or for the digest
 * @param maxLanes most lanes of Argon2
 * @param maxSlots most slots tried with one passphrase
 * @param maxTime the most that opening with one passphrase may take
 */
public record LuksOptions(
    Optional<String> cipher,
    OptionalInt keyBits,
    OptionalInt sectorSize,
    Optional<String> kdf,
    Optional<String> uuid,
    OptionalInt slot,
    OptionalLong dataOffset,
    boolean anyIvTweak,
    boolean identicalCopies,
    int maxIterations,
    int maxLanes,
    int maxSlots,
    Duration maxTime) {

  /** Iterations that take about half a minute. */
  public static final int DEFAULT_MAX_ITERATIONS = 50_000_000;

  /** As many lanes as cryptsetup makes. */
  public static final int DEFAULT_MAX_LANES = 4;

  /** Time that an honest header never needs. */
  public static final Duration DEFAULT_MAX_TIME = Duration.ofMinutes(2);

  /** Bytes of memory for Argon2 where nothing else is said: twice what cryptsetup takes. */
  public static final long DEFAULT_KDF_MEMORY_BYTES = 2L << 30;

  /** As many slots as LUKS2 has. */
  private static final int ALL_SLOTS = 32;

  /** No demands, the usual limits. */
  public static LuksOptions defaults() {
    return new LuksOptions(
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalLong.empty(),
        false,
        false,
        DEFAULT_MAX_ITERATIONS,
        DEFAULT_MAX_LANES,
        ALL_SLOTS,
        DEFAULT_MAX_TIME);
  }

  /** The same with one slot only. */
  public LuksOptions withSlot(int number) {
    return new LuksOptions(
        cipher,
        keyBits,
        sectorSize,
        kdf,
        uuid,
        OptionalInt.of(number),
        dataOffset,
        anyIvTweak,
        identicalCopies,
        maxIterations,
        maxLanes,
        maxSlots,
        maxTime);
  }

  /** The same with other limits on what a key derivation may cost. */
  public LuksOptions withLimits(int iterations, int lanes, Duration time) {
    return new LuksOptions(
        cipher,
        keyBits,
        sectorSize,
        kdf,
        uuid,
        slot,
        dataOffset,
        anyIvTweak,
        identicalCopies,
        iterations,
        lanes,
        maxSlots,
        time);
  }
}
