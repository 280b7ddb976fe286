package io.unsealfs.daemon;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the volume has to be: digests of its header named on the command line or by an authenticated
 * key service. A demand that this version cannot check is refused, never ignored.
 */
final class Pin {
  private final List<String> headerDigests;

  private Pin(List<String> headerDigests) {
    this.headerDigests = headerDigests;
  }

  /** The pin of {@code --header-digest}. */
  static Pin of(@Nullable String headerDigest) throws UsageException {
    return headerDigest == null ? new Pin(List.of()) : new Pin(List.of(digest(headerDigest)));
  }

  /** This pin and what came with the key; words of an unauthenticated server do not count. */
  Pin and(SecretTerms terms) throws IOException {
    if (!terms.authenticated()) {
      return this;
    }
    if (terms.volumeDigest().isPresent()) {
      throw new PinMismatchException(
          "the key service demands volume digest "
              + terms.volumeDigest().get()
              + ", which this version cannot check; a newer one is needed");
    }
    if (terms.headerDigest().isEmpty()) {
      return this;
    }
    List<String> all = new ArrayList<>(headerDigests);
    all.add(digest(terms.headerDigest().get()));
    return new Pin(List.copyOf(all));
  }

  /**
   * Compares with the header that was read.
   *
   * @throws PinMismatchException if it is another
   */
  void check(VolumeInfo info) throws PinMismatchException {
    Object actual = info.properties().get("header_digest");
    for (String expected : headerDigests) {
      if (!(actual instanceof String text)
          || !MessageDigest.isEqual(
              expected.getBytes(StandardCharsets.US_ASCII),
              text.getBytes(StandardCharsets.US_ASCII))) {
        throw new PinMismatchException(
            "the volume's header has digest "
                + actual
                + ", pinned is "
                + expected
                + "; this is not the volume the key is for, or its header was changed");
      }
    }
  }

  /** A digest as it is compared. */
  static String digest(String text) throws UsageException {
    String digest = text.toLowerCase(Locale.ROOT);
    if (!digest.matches("sha256:[0-9a-f]{64}")) {
      throw new UsageException("'" + text + "' is no digest; write sha256: and 64 hex digits");
    }
    return digest;
  }
}
