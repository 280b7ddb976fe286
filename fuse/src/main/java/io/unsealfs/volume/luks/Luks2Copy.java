package io.unsealfs.volume.luks;

import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * One of the two copies of a LUKS2 header: binary part and JSON text, with a checksum over both
 * that holds (luks.md section 3). The checksum finds damage; it stops nobody who means it.
 *
 * @param size bytes of the copy
 * @param sequence grows with every change, an unsigned number
 */
record Luks2Copy(
    long offset,
    int size,
    long sequence,
    String label,
    String uuid,
    String subsystem,
    String jsonText,
    JsonObject json) {

  static final int BINARY_SIZE = 4096;

  /** What a header may be long: 16 KiB to 4 MiB. The second copy follows the first at once. */
  static final List<Integer> SIZES =
      List.of(
          16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20);

  static final byte[] PRIMARY_MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
  static final byte[] SECONDARY_MAGIC = {'S', 'K', 'U', 'L', (byte) 0xba, (byte) 0xbe};

  private static final int USED_SIZE = 512;
  private static final int CHECKSUM_AT = 448;
  private static final int CHECKSUM_SIZE = 64;

  /** The size that the binary part at {@code offset} gives, or 0 if it is none. */
  static int sizeIn(HeaderBytes device, long offset) throws IOException {
    if (!device.reaches(offset + BINARY_SIZE)) {
      return 0;
    }
    byte[] bytes = device.upTo(offset + BINARY_SIZE);
    int at = (int) offset;
    byte[] magic = offset == 0 ? PRIMARY_MAGIC : SECONDARY_MAGIC;
    ByteBuffer head = ByteBuffer.wrap(bytes);
    long size = head.getLong(at + 8);
    boolean fits =
        Arrays.equals(bytes, at, at + magic.length, magic, 0, magic.length)
            && head.getShort(at + 6) == 2
            && head.getLong(at + 256) == offset
            && size <= Integer.MAX_VALUE
            && SIZES.contains((int) size);
    return fits ? (int) size : 0;
  }

  /**
   * The copy at {@code offset}.
   *
   * @throws VolumeFormatException that says what is wrong with it
   */
  static Luks2Copy read(HeaderBytes device, long offset) throws IOException {
    int size = sizeIn(device, offset);
    if (size == 0 || (offset != 0 && size != offset)) {
      throw LuksHeader.bad("no binary header at byte " + offset);
    }
    byte[] bytes = device.upTo(offset + size);
    int at = (int) offset;
    if (!Bounds.text(bytes, at + 72, 32).equals("sha256")) {
      throw LuksHeader.bad("checksum algorithm is not sha256");
    }
    requireChecksum(bytes, at, size);
    String text = jsonText(bytes, at + BINARY_SIZE, size - BINARY_SIZE);
    return new Luks2Copy(
        offset,
        size,
        ByteBuffer.wrap(bytes).getLong(at + 16),
        Bounds.text(bytes, at + 24, 48),
        Bounds.text(bytes, at + 168, 40),
        Bounds.text(bytes, at + 208, 48),
        text,
        JsonObject.parse(text));
  }

  private static void requireChecksum(byte[] bytes, int at, int size) throws VolumeFormatException {
    MessageDigest digest = HashSpec.SHA256.digest();
    digest.update(bytes, at, CHECKSUM_AT);
    digest.update(new byte[CHECKSUM_SIZE]);
    digest.update(bytes, at + USED_SIZE, size - USED_SIZE);
    byte[] expected = Arrays.copyOf(digest.digest(), CHECKSUM_SIZE);
    int from = at + CHECKSUM_AT;
    if (!Arrays.equals(bytes, from, from + CHECKSUM_SIZE, expected, 0, CHECKSUM_SIZE)) {
      throw LuksHeader.bad("checksum of the header at byte " + at + " is wrong");
    }
  }

  /** The text before the first NUL, after which there may be nothing else. */
  private static String jsonText(byte[] bytes, int at, int length) throws VolumeFormatException {
    int end = at;
    while (end < at + length && bytes[end] != 0) {
      end++;
    }
    if (end == at || bytes[at] != '{' || end == at + length) {
      throw LuksHeader.bad("the JSON area does not begin with { and end with NUL");
    }
    for (int i = end; i < at + length; i++) {
      if (bytes[i] != 0) {
        throw LuksHeader.bad("bytes behind the text of the JSON area");
      }
    }
    try {
      CharBuffer text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, at, end - at));
      return text.toString();
    } catch (CharacterCodingException e) {
      throw LuksHeader.bad("the JSON area is not UTF-8");
    }
  }
}
