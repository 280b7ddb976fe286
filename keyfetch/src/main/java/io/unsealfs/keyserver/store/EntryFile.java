package io.unsealfs.keyserver.store;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file of one entry: a line {@code entry REVISION KEY-LENGTH VALUE-LENGTH SHA256}, then key and
 * value. The hash covers both and tells bit rot, not malice.
 */
final class EntryFile {
  static final String SUFFIX = ".entry";

  private static final int MAX_LINE_BYTES = 128;
  static final int MAX_BYTES = MAX_LINE_BYTES + Store.MAX_KEY_BYTES + Store.MAX_VALUE_BYTES;
  private static final Pattern LINE =
      Pattern.compile("entry ([1-9][0-9]{0,18}) ([0-9]{1,3}) ([0-9]{1,7}) ([0-9a-f]{64})");

  private EntryFile() {}

  /** Name of the file for a key: keys may be longer than file names and have any characters. */
  static String name(String key) throws StoreException {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > Store.MAX_KEY_BYTES) {
      throw new StoreException(
          "a key of the store must have 1 to " + Store.MAX_KEY_BYTES + " bytes");
    }
    return HexFormat.of().formatHex(sha256().digest(bytes)) + SUFFIX;
  }

  static byte[] encode(StoreEntry entry) throws StoreException {
    byte[] key = entry.key().getBytes(StandardCharsets.UTF_8);
    byte[] value = entry.value();
    if (value.length > Store.MAX_VALUE_BYTES) {
      throw new StoreException(
          "%s: %d bytes are more than the %d that a store takes"
              .formatted(entry.key(), value.length, Store.MAX_VALUE_BYTES));
    }
    byte[] line =
        "entry %d %d %d %s\n"
            .formatted(entry.revision(), key.length, value.length, hash(key, value))
            .getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(line, line.length + key.length + value.length);
    System.arraycopy(key, 0, all, line.length, key.length);
    System.arraycopy(value, 0, all, line.length + key.length, value.length);
    return all;
  }

  static StoreEntry decode(byte[] content, Path file) throws StoreException {
    int end = 0;
    while (end < content.length && end < MAX_LINE_BYTES && content[end] != '\n') {
      end++;
    }
    Matcher line = LINE.matcher(new String(content, 0, end, StandardCharsets.US_ASCII));
    if (!line.matches()) {
      throw damaged(file);
    }
    int keyBytes = Integer.parseInt(line.group(2));
    int valueBytes = Integer.parseInt(line.group(3));
    int start = end + 1;
    if (content.length != start + keyBytes + valueBytes) {
      throw damaged(file);
    }
    byte[] key = Arrays.copyOfRange(content, start, start + keyBytes);
    byte[] value = Arrays.copyOfRange(content, start + keyBytes, content.length);
    if (!hash(key, value).equals(line.group(4))) {
      throw damaged(file);
    }
    try {
      return new StoreEntry(
          new String(key, StandardCharsets.UTF_8), value, Long.parseLong(line.group(1)));
    } catch (NumberFormatException e) {
      throw damaged(file);
    }
  }

  private static StoreException damaged(Path file) {
    return new StoreException("store entry " + file + ": damaged; restore it from a backup");
  }

  private static String hash(byte[] key, byte[] value) {
    MessageDigest digest = sha256();
    digest.update(key);
    return HexFormat.of().formatHex(digest.digest(value));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
