package io.unsealfs.key.wire;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Name of a secret: 1 to {@value WireLimits#MAX_NAME_BYTES} bytes of UTF-8 without control
 * characters, so that it can neither be encoded in two ways nor break a log line.
 *
 * @param text the name
 */
public record SecretName(String text) {

  /**
   * Checks a name.
   *
   * @throws WireException if it is empty, too long, not encodable, or has control characters
   */
  public static SecretName parse(String text) throws WireException {
    SecretName name = new SecretName(text);
    if (text.isEmpty()) {
      throw new WireException("secret name is empty");
    }
    if (text.length() > WireLimits.MAX_NAME_BYTES || name.encode().length > maxBytes()) {
      throw new WireException("secret name is longer than " + maxBytes() + " bytes");
    }
    if (text.codePoints().anyMatch(SecretName::isUnprintable)) {
      throw new WireException("secret name holds control characters");
    }
    return name;
  }

  private static int maxBytes() {
    return WireLimits.MAX_NAME_BYTES;
  }

  private static boolean isUnprintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  byte[] encode() throws WireException {
    try {
      // a plain getBytes would turn every unpaired surrogate into the same question mark
      ByteBuffer utf8 =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[utf8.remaining()];
      utf8.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new WireException("secret name is not valid text", e);
    }
  }
}
