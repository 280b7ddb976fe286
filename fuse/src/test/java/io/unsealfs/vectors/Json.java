package io.unsealfs.vectors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON value of a vector file. */
public final class Json {
  private final String where;
  private final @Nullable Object value;

  private Json(String where, @Nullable Object value) {
    this.where = where;
    this.value = value;
  }

  static Json parse(InputStream in) throws IOException {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder().maxStringLength(100_000_000).build())
            .build();
    try (JsonParser parser = factory.createParser(in)) {
      parser.nextToken();
      return new Json("$", read(parser));
    }
  }

  private static @Nullable Object read(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> readObject(parser);
      case START_ARRAY -> readArray(parser);
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? parser.getBigIntegerValue()
              : (Object) parser.getLongValue();
      case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
      case VALUE_NULL -> null;
      default -> parser.getText();
    };
  }

  private static Map<String, @Nullable Object> readObject(JsonParser parser) throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, read(parser));
    }
    return members;
  }

  private static List<@Nullable Object> readArray(JsonParser parser) throws IOException {
    List<@Nullable Object> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(read(parser));
    }
    return items;
  }

  /** The member of that name of an object. */
  public Json get(String name) {
    if (!has(name)) {
      throw new AssertionError("no " + name + " at " + where);
    }
    return new Json(where + "." + name, members().get(name));
  }

  /** Whether an object has that member, and not null. */
  public boolean has(String name) {
    return members().get(name) != null;
  }

  /** The elements of an array. */
  public List<Json> items() {
    List<Json> items = new ArrayList<>();
    if (!(value instanceof List<?> list)) {
      throw new AssertionError("no array at " + where);
    }
    for (Object item : list) {
      items.add(new Json(where + "[" + items.size() + "]", item));
    }
    return items;
  }

  /** Names of the members of an object. */
  public List<String> names() {
    return List.copyOf(members().keySet());
  }

  /** A string, or a number as one. */
  public String text() {
    return String.valueOf(value);
  }

  /** A string of hex digits, as bytes. */
  public byte[] hex() {
    return HexFormat.of().parseHex(text());
  }

  /** An integer. */
  public long number() {
    if (!(value instanceof Long number)) {
      throw new AssertionError("no number at " + where);
    }
    return number;
  }

  /** An integer of 32 bits. */
  public int integer() {
    return Math.toIntExact(number());
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
    return where;
  }
}
