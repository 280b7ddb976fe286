package io.unsealfs.key;

import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/**
 * The {@code ?as=} readings of a secret's bytes. Works on bytes throughout, since a String cannot
 * be wiped.
 */
public enum KeyReading {
  /** Text; one trailing newline is dropped. */
  PASSPHRASE("text that is not empty") {
    @Override
    Optional<byte[]> decode(byte[] raw) {
      int end = raw.length > 0 && raw[raw.length - 1] == '\n' ? raw.length - 1 : raw.length;
      return Optional.of(Arrays.copyOf(raw, end));
    }
  },
  /** All bytes. */
  KEYFILE("bytes, at least one") {
    @Override
    Optional<byte[]> decode(byte[] raw) {
      return Optional.of(raw.clone());
    }
  },
  /** Hexadecimal digits of the key bytes; dashes between them and space at the end are ignored. */
  HEX("pairs of hexadecimal digits") {
    @Override
    Optional<byte[]> decode(byte[] raw) {
      return decodeHex(raw);
    }
  },
  /** Base64 of the key bytes: standard alphabet, padded, one line; space at the end is ignored. */
  BASE64("padded Base64 in one line") {
    @Override
    Optional<byte[]> decode(byte[] raw) {
      return decodeBase64(raw);
    }
  },
  /**
   * The volume's raw key: 16, 24, 32 or 64 bytes, or their hexadecimal digits as {@link #HEX} takes
   * them. What could be either is bytes if it has 32 of them, otherwise digits.
   */
  MASTERKEY("16, 24, 32 or 64 raw bytes, or their hexadecimal digits") {
    @Override
    Optional<byte[]> decode(byte[] raw) {
      if (raw.length == USUAL_MASTER_KEY) {
        return Optional.of(raw.clone());
      }
      Optional<byte[]> key = decodeHex(raw);
      if (key.isPresent() && !isMasterKeySize(key.get().length)) {
        wipe(key.get());
        return Optional.empty();
      }
      return key.isEmpty() && isMasterKeySize(raw.length) ? Optional.of(raw.clone()) : key;
    }
  };

  private static final int USUAL_MASTER_KEY = 32;

  private static boolean isMasterKeySize(int bytes) {
    return bytes == 16 || bytes == 24 || bytes == USUAL_MASTER_KEY || bytes == 64;
  }

  private final String expected;

  KeyReading(String expected) {
    this.expected = expected;
  }

  /** The word after {@code ?as=}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@code raw} this way.
   *
   * @return a new secret with the same terms; {@code raw} stays open
   * @throws KeyReferenceException if the bytes cannot be read this way, or nothing is left
   */
  public Secret apply(Secret raw, SecretMemory memory) throws KeyReferenceException {
    Optional<SecretMemory.Region> region = raw.use(bytes -> read(bytes, memory));
    return new Secret(
        region.orElseThrow(() ->
            new KeyReferenceException(
                "the secret (%d bytes) cannot be read as %s: that takes %s; choose another ?as="
                    .formatted(raw.size(), word(), expected))),
        raw.terms());
  }

  private Optional<SecretMemory.Region> read(byte[] raw, SecretMemory memory) {
    Optional<byte[]> decoded = decode(raw);
    try {
      return decoded.filter(bytes -> bytes.length > 0).map(memory::copyOf);
    } finally {
      decoded.ifPresent(KeyReading::wipe);
    }
  }

  /** A new array, or empty if the bytes cannot be read this way. */
  abstract Optional<byte[]> decode(byte[] raw);

  private static Optional<byte[]> decodeHex(byte[] raw) {
    int end = endWithoutSpace(raw);
    byte[] key = new byte[end / 2];
    int digits = 0;
    boolean good = true;
    for (int i = 0; i < end; i++) {
      if (raw[i] == '-') {
        // gocryptfs prints master keys in groups; a dash splits no byte
        good &= digits > 0 && digits % 2 == 0 && i + 1 < end && raw[i + 1] != '-';
        continue;
      }
      int digit = Character.digit(raw[i], 16);
      good &= digit >= 0;
      if (digits / 2 < key.length) {
        key[digits / 2] = (byte) (key[digits / 2] << 4 | (digit & 0xf));
      }
      digits++;
    }
    good &= digits % 2 == 0;
    byte[] exact = Arrays.copyOf(key, good ? digits / 2 : 0);
    wipe(key);
    return good ? Optional.of(exact) : Optional.empty();
  }

  private static Optional<byte[]> decodeBase64(byte[] raw) {
    byte[] text = Arrays.copyOf(raw, endWithoutSpace(raw));
    byte[] again = new byte[0];
    try {
      byte[] key = Base64.getDecoder().decode(text);
      // the JDK takes missing padding and stray bits in the last digit; both may be damage
      again = Base64.getEncoder().encode(key);
      if (!Arrays.equals(text, again)) {
        wipe(key);
        return Optional.empty();
      }
      return Optional.of(key);
    } catch (IllegalArgumentException e) {
      // its message shows a byte of the secret
      return Optional.empty();
    } finally {
      wipe(text);
      wipe(again);
    }
  }

  private static int endWithoutSpace(byte[] raw) {
    int end = raw.length;
    while (end > 0
        && (raw[end - 1] == ' '
            || raw[end - 1] == '\t'
            || raw[end - 1] == '\r'
            || raw[end - 1] == '\n')) {
      end--;
    }
    return end;
  }

  private static void wipe(byte[] bytes) {
    Arrays.fill(bytes, (byte) 0);
  }
}
