package io.unsealfs.storage.object.credentials;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** The text values of a JSON object, nested ones by path ({@code Credentials.Expiration}). */
final class FlatJson {
  private static final int DEPTH_MAX = 4;
  private static final int VALUES_MAX = 200;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxStringLength(16 * 1024)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // what is wrong is said without quoting it: it may be a secret
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private FlatJson() {}

  /**
   * Reads it.
   *
   * @param where what it is: the beginning of a message
   */
  static Map<String, String> read(String where, byte[] json) throws IOException {
    Map<String, String> values = new HashMap<>();
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw broken(where);
      }
      read(where, parser, "", values);
      if (parser.nextToken() != null) {
        throw broken(where);
      }
    } catch (com.fasterxml.jackson.core.JacksonException e) {
      throw broken(where);
    }
    return values;
  }

  private static void read(String where, JsonParser parser, String path, Map<String, String> values)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = path + parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        read(where, parser, name + ".", values);
      } else if (token == JsonToken.VALUE_STRING) {
        values.put(name, parser.getText());
      } else if (token == JsonToken.START_ARRAY) {
        parser.skipChildren();
      }
      if (values.size() > VALUES_MAX) {
        throw broken(where);
      }
    }
  }

  private static StoreProtocolException broken(String where) {
    return new StoreProtocolException(where + " is no JSON object, or too large");
  }
}
