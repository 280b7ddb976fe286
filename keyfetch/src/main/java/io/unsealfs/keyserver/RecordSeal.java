package io.unsealfs.keyserver;

import io.unsealfs.keyserver.store.StoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;

/**
 * Vouches for records in a store: a line {@code unsealfs secret 1 KEY-ID NONCE TAG}, then the
 * record. The tag is AES-256-GCM's over nothing encrypted, with the record and its place as
 * associated data. So whoever can write to the store but has no key-encryption key (an
 * administrator of etcd, say) cannot enable a version, change what has to be shown for it or its
 * dates, or put one record in another's place; it can put back an older one, or remove it.
 */
final class RecordSeal {
  private static final String LABEL = "unsealfs keyserver v1 stored secret";
  private static final String FORM = "unsealfs secret ";
  private static final String VERSION = "1";
  private static final int NONCE_SIZE = 12;
  private static final int MAX_LINE_BYTES = 160;
  private static final Pattern LINE =
      Pattern.compile(FORM + VERSION + " ([0-9a-f]{32}) ([0-9a-f]{24}) ([0-9a-f]{32})");
  private static final Pattern ANY_VERSION = Pattern.compile(FORM + "([0-9]{1,9}) .*");

  private final KeyRing keys;
  private final SecureRandom random = new SecureRandom();

  RecordSeal(KeyRing keys) {
    this.keys = keys;
  }

  /** The value that is stored under {@code storeKey}. */
  byte[] seal(String storeKey, byte[] record) {
    KeyEncryptionKey key = keys.current();
    byte[] nonce = new byte[NONCE_SIZE];
    random.nextBytes(nonce);
    byte[] tag;
    try {
      tag =
          key.crypt(
              Cipher.ENCRYPT_MODE, nonce, associatedData(storeKey, key.id(), record), new byte[0]);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot encrypt with AES-256-GCM", e);
    }
    HexFormat hex = HexFormat.of();
    byte[] line =
        (FORM
                + String.join(" ", VERSION, key.id(), hex.formatHex(nonce), hex.formatHex(tag))
                + "\n")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] value = Arrays.copyOf(line, line.length + record.length);
    System.arraycopy(record, 0, value, line.length, record.length);
    return value;
  }

  /**
   * The record in a value.
   *
   * @param what the secret, for messages
   * @throws StoreException if nobody with a key-encryption key of ours stored it there
   */
  byte[] open(String storeKey, byte[] value, String what) throws StoreException {
    String text = firstLine(value);
    // ASCII, or it does not match
    int end = text.length();
    Matcher line = LINE.matcher(text);
    if (!line.matches() || end == value.length) {
      Matcher other = ANY_VERSION.matcher(text);
      throw new StoreException(
          other.matches() && !other.group(1).equals(VERSION)
              ? "%s: its record has format %s, and this program knows only format %s; use a newer one"
                  .formatted(what, other.group(1), VERSION)
              : what + ": its record is damaged; restore it or add the secret again");
    }
    KeyEncryptionKey key =
        keys.find(line.group(1))
            .orElseThrow(() ->
                new StoreException(
                    "%s: sealed under key %s, but the key-encryption key is %s"
                        .formatted(what, line.group(1), keys.current().id())));
    byte[] record = Arrays.copyOfRange(value, end + 1, value.length);
    byte[] tag = HexFormat.of().parseHex(line.group(3));
    try {
      key.crypt(
          Cipher.DECRYPT_MODE,
          HexFormat.of().parseHex(line.group(2)),
          associatedData(storeKey, key.id(), record),
          tag);
    } catch (GeneralSecurityException e) {
      throw new StoreException(
          what + ": its record was changed by somebody without the key-encryption key", e);
    }
    return record;
  }

  /** {@link KeyEncryptionKey#id} of the key that a value says it is sealed under. */
  static Optional<String> keyId(byte[] value) {
    Matcher line = LINE.matcher(firstLine(value));
    return line.matches() ? Optional.of(line.group(1)) : Optional.empty();
  }

  private static String firstLine(byte[] value) {
    int end = 0;
    while (end < value.length && end < MAX_LINE_BYTES && value[end] != '\n') {
      end++;
    }
    return new String(value, 0, end, StandardCharsets.US_ASCII);
  }

  private static byte[] associatedData(String storeKey, String keyId, byte[] record) {
    byte[][] parts = {
      LABEL.getBytes(StandardCharsets.UTF_8),
      VERSION.getBytes(StandardCharsets.UTF_8),
      keyId.getBytes(StandardCharsets.UTF_8),
      storeKey.getBytes(StandardCharsets.UTF_8),
      record
    };
    int size = Arrays.stream(parts).mapToInt(part -> Integer.BYTES + part.length).sum();
    ByteBuffer all = ByteBuffer.allocate(size);
    for (byte[] part : parts) {
      // each part is preceded by its length: plain concatenation would be ambiguous
      all.putInt(part.length).put(part);
    }
    return all.array();
  }
}
