package io.unsealfs.key;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A {@code --key} reference: scheme, the rest, and how the bytes are to be read. Never holds a
 * secret.
 *
 * @param scheme {@code file}, {@code grpc}, …, lower case
 * @param body what follows {@code scheme:} without the query
 * @param reading how the secret's bytes are read
 * @param text the reference as it was given, for messages
 */
public record KeyReference(String scheme, String body, KeyReading reading, String text) {
  private static final List<String> SCHEMES =
      List.of("file", "fd", "prompt", "credential", "grpc", "cdh");
  private static final String READING = "?as=";
  private static final int MAX_LENGTH = 8 << 10;

  /**
   * Parses a reference: {@code SCHEME:BODY[?as=READING]}.
   *
   * @throws KeyReferenceException if it is malformed or names an unknown scheme or reading. The
   *     message does not repeat the text: somebody may have given the secret itself.
   */
  public static KeyReference parse(String text) throws KeyReferenceException {
    int colon = text.indexOf(':');
    String scheme = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
    if (!SCHEMES.contains(scheme)) {
      throw new KeyReferenceException(
          "key reference starts with no known scheme; use one of "
              + SCHEMES.stream().map(known -> known + ":").collect(Collectors.joining(", "))
              + " (a secret itself is never given here)");
    }
    if (text.length() > MAX_LENGTH || text.chars().anyMatch(Character::isISOControl)) {
      throw new KeyReferenceException(
          "key reference " + scheme + ":… is too long or holds control characters");
    }
    int query = text.lastIndexOf(READING);
    String body = query < 0 ? text.substring(colon + 1) : text.substring(colon + 1, query);
    KeyReading reading =
        query < 0 ? KeyReading.PASSPHRASE : reading(text.substring(query + READING.length()));
    if (body.isEmpty() != scheme.equals("prompt")) {
      throw new KeyReferenceException(
          scheme.equals("prompt")
              ? "key reference prompt: takes nothing after the colon but ?as=…"
              : "key reference " + scheme + ": names nothing after the colon");
    }
    return new KeyReference(scheme, body, reading, text);
  }

  private static KeyReading reading(String word) throws KeyReferenceException {
    for (KeyReading reading : KeyReading.values()) {
      if (reading.word().equals(word)) {
        return reading;
      }
    }
    throw new KeyReferenceException(
        "key reference ends in an unknown ?as= reading; use one of "
            + Arrays.stream(KeyReading.values())
                .map(KeyReading::word)
                .collect(Collectors.joining(", ")));
  }
}
