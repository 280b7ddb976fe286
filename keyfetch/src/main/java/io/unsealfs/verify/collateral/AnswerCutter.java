package io.unsealfs.verify.collateral;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Cuts an answer of Intel's service in two: the signed object with the very bytes it has, and the
 * signature over them.
 *
 * @param text the object, from its opening to its closing brace
 * @param signature r and s
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record AnswerCutter(String text, byte[] signature) {
  private static final int MAX_DEPTH = 32;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  /**
   * Cuts.
   *
   * @param member name of the signed object
   * @throws IOException if the answer is not an object with it and a signature
   */
  static AnswerCutter cut(byte[] answer, String member) throws IOException {
    byte[] text = {};
    byte[] signature = {};
    try (JsonParser in = FACTORY.createParser(answer)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw bad(member);
      }
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String name = in.currentName();
        JsonToken value = in.nextToken();
        if (name.equals(member) && value == JsonToken.START_OBJECT) {
          int from = Math.toIntExact(in.currentTokenLocation().getByteOffset());
          in.skipChildren();
          text =
              Arrays.copyOfRange(
                  answer, from, Math.toIntExact(in.currentLocation().getByteOffset()));
        } else if (name.equals("signature") && value == JsonToken.VALUE_STRING) {
          signature = hex(in.getText(), member);
        } else {
          in.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      IOException refusal = bad(member);
      refusal.initCause(e);
      throw refusal;
    }
    if (text.length == 0 || signature.length == 0) {
      throw bad(member);
    }
    return new AnswerCutter(new String(text, StandardCharsets.UTF_8), signature);
  }

  private static byte[] hex(String text, String member) throws IOException {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      throw bad(member);
    }
  }

  private static IOException bad(String member) {
    return new IOException("the answer is no object with " + member + " and its signature");
  }
}
