package io.unsealfs.key.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How a caller proves to hold a pre-shared key without showing it: HMAC-SHA256 under the key, over
 * a label, the key's id and the transcript, each behind its length. The transcript holds nonce,
 * server identity, HPKE key and secret name, so a proof serves one conversation about one secret
 * with one server.
 */
public final class PskProof {
  /** Length of a proof in bytes. */
  public static final int BYTES = 32;

  /** Shorter keys are refused: whoever sees a proof can try keys until one fits. */
  public static final int MIN_KEY_BYTES = 16;

  /** Longer keys are refused. */
  public static final int MAX_KEY_BYTES = 1024;

  private static final int MIN_DIFFERENT_BYTES = 8;
  private static final String LABEL = "unsealfs-psk-v1";
  private static final String ALGORITHM = "HmacSHA256";
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private PskProof() {}

  /** Whether {@code id} can name a key. */
  public static boolean isId(String id) {
    return ID.matcher(id).matches();
  }

  /**
   * The key in a file's bytes: all of them but one newline at the end.
   *
   * @return a new array, which the caller wipes
   * @throws WireException if there are too few or too many bytes, or hardly different ones
   */
  public static byte[] key(byte[] content) throws WireException {
    int length =
        content.length > 0 && content[content.length - 1] == '\n'
            ? content.length - 1
            : content.length;
    if (length < MIN_KEY_BYTES || length > MAX_KEY_BYTES) {
      throw new WireException(
          "a pre-shared key has %d to %d bytes, this one %d; make one with \"openssl rand -hex 32\""
              .formatted(MIN_KEY_BYTES, MAX_KEY_BYTES, length));
    }
    boolean[] seen = new boolean[1 << Byte.SIZE];
    int different = 0;
    for (int i = 0; i < length; i++) {
      int value = Byte.toUnsignedInt(content[i]);
      different += seen[value] ? 0 : 1;
      seen[value] = true;
    }
    Arrays.fill(seen, false);
    if (different < MIN_DIFFERENT_BYTES) {
      throw new WireException(
          "a pre-shared key of so few different bytes can be guessed; make one with"
              + " \"openssl rand -hex 32\"");
    }
    return Arrays.copyOf(content, length);
  }

  /** The proof for one conversation. */
  public static byte[] of(byte[] key, String id, Transcript transcript) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac.doFinal(
          LengthPrefixed.encode(
              LABEL.getBytes(StandardCharsets.US_ASCII),
              id.getBytes(StandardCharsets.US_ASCII),
              transcript.toBytes()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HMAC-SHA256", e);
    }
  }
}
