package io.unsealfs.e2e;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON value: vector manifests, and what the program prints as JSON. */
final class Json {
  private final String where;
  private final @Nullable Object value;

  private Json(String where, @Nullable Object value) {
    this.where = where;
    this.value = value;
  }

  static Json parse(InputStream in) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(in)) {
      return parse(parser);
    }
  }

  /** One value and nothing after it. */
  static Json parse(String text) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      return parse(parser);
    }
  }

  private static Json parse(JsonParser parser) throws IOException {
    parser.nextToken();
    Json json = new Json("$", read(parser));
    if (parser.nextToken() != null) {
      throw new IOException("more than one JSON value");
    }
    return json;
  }

  private static @Nullable Object read(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, read(parser));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(read(parser));
        }
        yield items;
      }
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? parser.getText()
              : (Object) parser.getLongValue();
      case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
      case VALUE_NULL -> null;
      case null -> throw new IOException("no JSON value");
      default -> parser.getText();
    };
  }

  /** Whether an object has that member, and not null. */
  boolean has(String name) {
    return members().get(name) != null;
  }

  Json get(String name) {
    if (!has(name)) {
      throw new AssertionError("no " + name + " at " + where);
    }
    return new Json(where + "." + name, members().get(name));
  }

  List<Json> items() {
    if (!(value instanceof List<?> list)) {
      throw new AssertionError("no array at " + where);
    }
    List<Json> items = new ArrayList<>();
    for (Object item : list) {
      items.add(new Json(where + "[" + items.size() + "]", item));
    }
    return items;
  }

  List<String> names() {
    return List.copyOf(members().keySet());
  }

  String text() {
    return String.valueOf(value);
  }

  long number() {
    if (!(value instanceof Long number)) {
      throw new AssertionError("no number at " + where);
    }
    return number;
  }

  @SuppressWarnings("unchecked") // parse() puts nothing else into a Map
  private Map<String, @Nullable Object> members() {
    if (!(value instanceof Map<?, ?> map)) {
      throw new AssertionError("no object at " + where);
    }
    return (Map<String, @Nullable Object>) map;
  }

  @Override
  public String toString() {
    return where + " = " + value;
  }
}
