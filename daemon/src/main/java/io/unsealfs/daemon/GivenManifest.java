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
    return new GivenManifest(origin, digest, read(origin, digest, Cancellation.none()));
  }

  /** Reads it once more. */
  Manifest readAgain(Cancellation cancellation) throws IOException {
    return read(origin, digest, cancellation);
  }

  private static Manifest read(
      ManifestOrigin origin, Optional<String> digest, Cancellation cancellation)
      throws IOException {
    Manifest manifest;
    try {
      manifest = Manifest.parse(origin.read(cancellation));
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
