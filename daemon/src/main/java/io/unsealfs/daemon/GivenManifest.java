package io.unsealfs.daemon;

import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestException;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.volume.PinMismatchException;
import java.io.IOException;
import java.util.Optional;

/**
 * A manifest as the options name it, read for the first time: well-formed and, if a digest was
 * given, the one that is meant. Whether it is the volume's own is not known yet.
 *
 * @param digest that it has to have, in small letters
 */
record GivenManifest(ManifestOrigin origin, Optional<String> digest, Manifest first) {

  /** Reads it. */
  static GivenManifest read(ManifestOrigin origin, Optional<String> digest) throws IOException {
    return new GivenManifest(
        origin, digest, parse(origin, digest, origin.read(Cancellation.none())));
  }

  /**
   * Reads it once more.
   *
   * @param before what is returned if it is still the same
   */
  Manifest readAgain(Manifest before, Cancellation cancellation) throws IOException {
    byte[] file = origin.read(cancellation);
    return before.isFile(file) ? before : parse(origin, digest, file);
  }

  private static Manifest parse(ManifestOrigin origin, Optional<String> digest, byte[] file)
      throws IOException {
    Manifest manifest;
    try {
      manifest = Manifest.parse(file);
    } catch (ManifestException e) {
      throw new ManifestException(origin + ": " + e.getMessage(), e);
    }
    if (digest.isPresent() && !digest.get().equals(manifest.digest())) {
      throw new PinMismatchException(
          "the manifest "
              + origin
              + " has digest "
              + manifest.digest()
              + ", pinned is "
              + digest.get()
              + "; it is another one, or was replaced");
    }
    return manifest;
  }
}
