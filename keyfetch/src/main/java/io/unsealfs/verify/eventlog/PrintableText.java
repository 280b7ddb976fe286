package io.unsealfs.verify.eventlog;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Text that a person can read and that no program can be. */
final class PrintableText {
  private static final int MAX_BYTES = 64 << 10;

  private PrintableText() {}

  /** The text, if it is UTF-8 without control characters other than tab and line feed. */
  static Optional<String> of(byte[] utf8) {
    if (utf8.length > MAX_BYTES) {
      return Optional.empty();
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
      boolean printable =
          text.chars().allMatch(c -> c == '\n' || c == '\t' || !Character.isISOControl(c));
      return printable ? Optional.of(text) : Optional.empty();
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** How many bytes there are before the first zero. */
  static int lengthBeforeZero(byte[] data) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    return end;
  }
}
