package io.unsealfs.volume.luks;

import io.unsealfs.crypto.Deadline;
import io.unsealfs.crypto.KdfTimeoutException;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** From a passphrase or raw key to the key of the data, proved by its digest. */
final class KeyFinding {
  private final LuksHeader header;
  private final byte[] headerBytes;
  private final LuksOptions options;
  private final VolumeLimits limits;

  /**
   * For one attempt.
   *
   * @param headerBytes all that the header covers
   */
  KeyFinding(LuksHeader header, byte[] headerBytes, LuksOptions options, VolumeLimits limits) {
    this.header = header;
    this.headerBytes = headerBytes;
    this.options = options;
    this.limits = limits;
  }

  /** The volume key; the caller wipes it. */
  byte[] find(VolumeKey key) throws IOException {
    // lent arrays are wiped before a checked exception could leave their user
    byte[] given = key.use(byte[]::clone);
    try {
      return switch (key) {
        case VolumeKey.Passphrase _ -> ofPassphrase(given);
        case VolumeKey.RawKey _ -> proved(given);
      };
    } catch (KdfTimeoutException e) {
      throw new VolumeFormatException("LUKS header: " + e.getMessage() + " (--luks-max-time)", e);
    } finally {
      Arrays.fill(given, (byte) 0);
    }
  }

  private byte[] proved(byte[] raw) throws IOException {
    LuksPins.check(header, List.of(), raw.length, options);
    if (header.keySize() != 0 && header.keySize() != raw.length) {
      throw new WrongKeyException(
          "the raw key has " + raw.length + " bytes, this image's has " + header.keySize());
    }
    header.segment().cipher().requireKeySize(raw.length, "raw key");
    KeyDigest digest = header.segmentDigest();
    requireAffordable(digest);
    if (!digest.accepts(raw, Deadline.in(options.maxTime()))) {
      throw new WrongKeyException("the raw key is not the volume key of this image");
    }
    return raw.clone();
  }

  private byte[] ofPassphrase(byte[] passphrase) throws IOException {
    KeyDigest digest = header.segmentDigest();
    List<KeySlot> candidates = candidates(digest);
    LuksPins.check(header, candidates, header.keySize(), options);
    requireAffordable(digest);
    for (KeySlot slot : candidates) {
      slot.kdf().requireAffordable(options, limits);
    }
    Deadline deadline = Deadline.in(options.maxTime());
    for (KeySlot slot : candidates) {
      byte[] found = open(slot, passphrase, digest, deadline);
      if (found != null) {
        return found;
      }
    }
    String numbers =
        candidates.stream()
            .map(slot -> String.valueOf(slot.number()))
            .collect(Collectors.joining(", "));
    throw new WrongKeyException(
        "the passphrase opens no key slot of this image (tried: "
            + numbers
            + "): it is wrong, or the key-slot area is damaged");
  }

  /** The slots to try, in their order. */
  private List<KeySlot> candidates(KeyDigest digest) throws VolumeFormatException {
    List<KeySlot> bound = new ArrayList<>();
    for (KeySlot slot : header.slots()) {
      boolean wanted =
          options.slot().isPresent()
              ? options.slot().getAsInt() == slot.number()
              : slot.priority() != KeySlot.NO_PRIORITY;
      if (wanted && digest.slots().contains(slot.number())) {
        bound.add(slot);
      }
    }
    if (bound.isEmpty()) {
      throw LuksHeader.bad(
          options.slot().isPresent()
              ? "key slot " + options.slot().getAsInt() + " does not hold the key of the data"
              : "no key slot that a passphrase could open; give the raw key (?as=masterkey)");
    }
    bound.sort(
        Comparator.comparingInt((KeySlot slot) -> -slot.priority())
            .thenComparingInt(KeySlot::number));
    return bound.subList(0, Math.min(bound.size(), options.maxSlots()));
  }

  private void requireAffordable(KeyDigest digest) throws VolumeFormatException {
    if (digest.iterations() > options.maxIterations()) {
      throw LuksHeader.bad(
          "digest with "
              + digest.iterations()
              + " iterations, the limit is "
              + options.maxIterations()
              + " (--luks-max-iterations)");
    }
  }

  private byte @Nullable [] open(
      KeySlot slot, byte[] passphrase, KeyDigest digest, Deadline deadline) throws IOException {
    byte[] slotKey = slot.kdf().derive(passphrase, slot.areaKeySize(), deadline);
    byte[] material = new byte[Math.toIntExact(Bounds.wholeSectors(slot.materialSize()))];
    byte[] candidate = {};
    boolean right = false;
    try (SectorCipher cipher = slot.areaCipher().cipher(slotKey, SectorCipher.UNIT);
        SectorCipher.Worker worker = cipher.borrow()) {
      int at = Math.toIntExact(slot.areaOffset());
      worker.decrypt(0, headerBytes, at, material.length, material, 0);
      candidate = AntiForensic.merge(material, slot.keySize(), slot.splitHash());
      right = digest.accepts(candidate, deadline);
      return right ? candidate : null;
    } finally {
      Arrays.fill(slotKey, (byte) 0);
      Arrays.fill(material, (byte) 0);
      if (!right) {
        Arrays.fill(candidate, (byte) 0);
      }
    }
  }
}
