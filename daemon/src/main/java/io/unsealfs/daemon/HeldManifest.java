package io.unsealfs.daemon;

import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestKey;
import io.unsealfs.storage.manifest.ManifestStore;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.volume.PinMismatchException;
import java.io.IOException;
import java.time.Instant;

/**
 * The manifest that a volume is held to: its seal, and newer ones that take its place.
 *
 * @param store tells the rest what the manifest says
 */
record HeldManifest(GivenManifest given, ManifestStore store) {

  /** Takes what the seal is made with from the volume's key. */
  void takeKey(byte[] volumeKey) {
    store.takeKey(ManifestKey.derive(volumeKey));
  }

  /** Refuses a manifest that the volume's owner did not seal. */
  void requireSealed() throws PinMismatchException {
    requireSealed(store.manifest());
  }

  private void requireSealed(Manifest manifest) throws PinMismatchException {
    if (!store.isSealed(manifest)) {
      throw new PinMismatchException(
          "the manifest "
              + given.origin()
              + " was not sealed with the key of this volume: it is another volume's, or was"
              + " changed; make one with unsealfs manifest where the ciphertext can be trusted");
    }
  }

  /** Looks at the place again. */
  @FunctionalInterface
  interface Look {
    /** What it brought. */
    Refreshed look() throws IOException;
  }

  /**
   * Reads the manifest again and has {@code look} see what it says, unless it is wrong or older.
   * All stays as it was if this throws.
   */
  Refreshed refresh(Look look, Cancellation cancellation) throws IOException {
    Manifest before = store.manifest();
    Manifest next = given.readAgain(before, cancellation);
    requireSealed(next);
    if (next.createdSeconds() < before.createdSeconds()) {
      throw new PinMismatchException(
          "the manifest "
              + given.origin()
              + " was made at "
              + Instant.ofEpochSecond(next.createdSeconds())
              + ", before the one that is shown, of "
              + Instant.ofEpochSecond(before.createdSeconds())
              + ": somebody put an old one back");
    }
    store.show(next);
    boolean done = false;
    try {
      Refreshed refreshed = look.look();
      done = true;
      return refreshed;
    } finally {
      if (!done) {
        store.show(before);
      }
    }
  }
}
