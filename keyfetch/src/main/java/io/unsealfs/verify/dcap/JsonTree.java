package io.unsealfs.verify.dcap;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON object strictly: no member twice, nothing after it, bounded in every way. */
final class JsonTree {
  static final int MAX_BYTES = 1 << 20;

  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER_DIGITS = 20;
  private static final int MAX_NAME_CHARS = 256;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxDocumentLength(MAX_BYTES)
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_DIGITS)
                  .maxNameLength(MAX_NAME_CHARS)
                  .maxStringLength(MAX_BYTES)
                  .build())
          .build();

  private JsonTree() {}

  /**
   * The members of the object that {@code utf8} is: texts, {@code Long}s, lists, maps; other values
   * are kept as {@link JsonToken}s, which no field of ours is.
   *
   * @throws IOException if it is not one object
   */
  static Map<String, Object> object(byte[] utf8) throws IOException {
    if (utf8.length > MAX_BYTES) {
      throw new IOException("JSON of " + utf8.length + " bytes is too long");
    }
    try (JsonParser in = FACTORY.createParser(utf8)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      Map<String, Object> object = members(in);
      if (in.nextToken() != null) {
        throw new IOException("something follows the JSON object");
      }
      return object;
    }
  }

  private static Map<String, Object> members(JsonParser in) throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      String name = in.currentName();
      in.nextToken();
      members.put(name, value(in));
    }
    return members;
  }

  /** Recursive, as deep as the parser allows. */
  private static Object value(JsonParser in) throws IOException {
    return switch (in.currentToken()) {
      case START_OBJECT -> members(in);
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(in));
        }
        yield list;
      }
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT -> in.getLongValue();
      default -> in.currentToken();
    };
  }
}
