package io.unsealfs.volume.luks;

import io.unsealfs.crypto.Argon2;
import io.unsealfs.crypto.Deadline;
import io.unsealfs.crypto.KdfTimeoutException;
import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeLimits;

/** How a passphrase becomes the key of a slot. Within the ranges of luks.md section 5. */
sealed interface Kdf {

  /** The word of the header: {@code pbkdf2}, {@code argon2i}, {@code argon2id}. */
  String type();

  /** The cost as text. */
  String cost();

  /** Refuses, before anything is allocated or computed, what the limits do not allow. */
  void requireAffordable(LuksOptions options, VolumeLimits limits) throws VolumeFormatException;

  /** Derives {@code length} bytes; the caller wipes them. */
  byte[] derive(byte[] passphrase, int length, Deadline deadline)
      throws KdfTimeoutException, VolumeFormatException;

  /** PBKDF2 with HMAC. */
  record Pbkdf2Kdf(HashSpec hash, int iterations, Octets salt) implements Kdf {
    @Override
    public String type() {
      return "pbkdf2";
    }

    @Override
    public String cost() {
      return "pbkdf2-" + hash + " iterations=" + iterations;
    }

    @Override
    public void requireAffordable(LuksOptions options, VolumeLimits limits)
        throws VolumeFormatException {
      if (iterations > options.maxIterations()) {
        throw LuksHeader.bad(
            "pbkdf2 with "
                + iterations
                + " iterations, the limit is "
                + options.maxIterations()
                + " (--luks-max-iterations)");
      }
    }

    @Override
    public byte[] derive(byte[] passphrase, int length, Deadline deadline)
        throws KdfTimeoutException {
      return hash.pbkdf2.derive(passphrase, salt.bytes(), iterations, length, deadline);
    }
  }

  /** Argon2, version 0x13. */
  record Argon2Kdf(Argon2.Type variant, Argon2.Cost argon2, Octets salt) implements Kdf {
    @Override
    public String type() {
      return variant == Argon2.Type.I ? "argon2i" : "argon2id";
    }

    @Override
    public String cost() {
      return type()
          + " time="
          + argon2.passes()
          + " memory="
          + argon2.memoryKib()
          + "KiB cpus="
          + argon2.lanes();
    }

    @Override
    public void requireAffordable(LuksOptions options, VolumeLimits limits)
        throws VolumeFormatException {
      long bytes = argon2.memoryBytes();
      if (argon2.lanes() > options.maxLanes()) {
        throw LuksHeader.bad(
            cost() + ": the limit is " + options.maxLanes() + " lanes (--luks-max-lanes)");
      }
      if (bytes > limits.kdfMemory()) {
        throw LuksHeader.bad(
            cost()
                + ": the limit is "
                + (limits.kdfMemory() >> 20)
                + " MiB of memory (--kdf-memory)");
      }
      long available = CgroupMemory.leftBytes();
      if (bytes > available) {
        throw noMemory(available >> 20);
      }
    }

    private VolumeFormatException noMemory(long availableMib) {
      return LuksHeader.bad(
          cost()
              + ": this machine or container has "
              + availableMib
              + " MiB of memory left; give it more, or add a key slot that costs less");
    }

    @Override
    public byte[] derive(byte[] passphrase, int length, Deadline deadline)
        throws KdfTimeoutException, VolumeFormatException {
      try {
        return Argon2.derive(variant, passphrase, salt.bytes(), argon2, length, deadline);
      } catch (SystemCallException e) {
        throw new VolumeFormatException(
            noMemory(CgroupMemory.leftBytes() >> 20).getMessage()
                + " ("
                + ErrorNumber.text(e.errno())
                + ")",
            e);
      }
    }
  }
}
