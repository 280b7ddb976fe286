package io.unsealfs.volume.luks;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a LUKS2 header, with members that are asked for by name and type. Strict: no
 * member twice, no fraction or exponent, nothing deeper, longer or more numerous than any header
 * needs.
 */
final class JsonObject {
  private static final int MAX_DEPTH = 16;
  private static final int MAX_VALUES = 10_000;
  private static final int MAX_MEMBERS = 32;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(20)
                  .maxNameLength(256)
                  .maxStringLength(4 << 20)
                  .build())
          .build();

  private final String where;
  private final Map<String, Object> members;

  private JsonObject(String where, Map<String, Object> members) {
    this.where = where;
    this.members = members;
  }

  /**
   * The object that the whole of {@code text} is.
   *
   * @throws VolumeFormatException if it is anything else
   */
  static JsonObject parse(String text) throws VolumeFormatException {
    try (JsonParser json = JSON.createParser(text)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw LuksHeader.bad("the JSON area holds no object");
      }
      Map<String, Object> members = new Reader(json).object();
      if (json.nextToken() != null) {
        throw LuksHeader.bad("text after the JSON object");
      }
      return new JsonObject("", members);
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw LuksHeader.bad(
          "not valid JSON" + (at == null ? "" : " at character " + at.getCharOffset()));
    } catch (VolumeFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new VolumeFormatException("LUKS header: JSON cannot be parsed", e);
    }
  }

  /** Turns tokens into maps, lists, strings, longs and booleans, a bounded number of them. */
  private static final class Reader {
    private final JsonParser json;
    private int values;

    Reader(JsonParser json) {
      this.json = json;
    }

    Map<String, Object> object() throws IOException {
      Map<String, Object> members = new LinkedHashMap<>();
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        json.nextToken();
        members.put(name, value());
      }
      return members;
    }

    private Object value() throws IOException {
      if (++values > MAX_VALUES) {
        throw LuksHeader.bad("more than " + MAX_VALUES + " values in the JSON area");
      }
      return switch (json.currentToken()) {
        case START_OBJECT -> object();
        case START_ARRAY -> array();
        case VALUE_STRING -> json.getText();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NUMBER_INT -> integer();
        default -> throw LuksHeader.bad("a JSON value that no header has: null or a fraction");
      };
    }

    private List<Object> array() throws IOException {
      List<Object> items = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        items.add(value());
      }
      return items;
    }

    private long integer() throws IOException {
      if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw LuksHeader.bad("a JSON number that is out of range");
      }
      return json.getLongValue();
    }
  }

  boolean has(String name) {
    return members.containsKey(name);
  }

  String where() {
    return where;
  }

  JsonObject object(String name) throws VolumeFormatException {
    return object(name, member(name));
  }

  /** The members of the object {@code name}, which are called by number; at most 32. */
  Map<Integer, JsonObject> numbered(String name) throws VolumeFormatException {
    Map<Integer, JsonObject> numbered = new TreeMap<>();
    JsonObject object = object(name);
    if (object.members.size() > MAX_MEMBERS) {
      throw LuksHeader.bad(object.where + ": more than " + MAX_MEMBERS + " members");
    }
    for (Map.Entry<String, Object> entry : object.members.entrySet()) {
      numbered.put(object.number(entry.getKey()), object.object(entry.getKey(), entry.getValue()));
    }
    return numbered;
  }

  String string(String name) throws VolumeFormatException {
    if (member(name) instanceof String text) {
      return text;
    }
    throw LuksHeader.bad(path(name) + " is not a string");
  }

  /** An integer from {@code least} to {@code most}. */
  int integer(String name, int least, int most) throws VolumeFormatException {
    if (!(member(name) instanceof Long number)) {
      throw LuksHeader.bad(path(name) + " is not an integer");
    }
    if (number < least || number > most) {
      throw LuksHeader.bad(
          path(name) + " is " + number + ", which is not from " + least + " to " + most);
    }
    return number.intValue();
  }

  /** A number of up to 63 bits, which JSON keeps as a string of digits. */
  long decimal(String name) throws VolumeFormatException {
    long value = unsigned(name);
    if (value < 0) {
      throw LuksHeader.bad(path(name) + " is out of range");
    }
    return value;
  }

  /** A number of 64 bits without a sign, kept as a string of digits. */
  long unsigned(String name) throws VolumeFormatException {
    String text = string(name);
    if (!text.matches("0|[1-9][0-9]{0,19}")) {
      throw LuksHeader.bad(path(name) + " is not a decimal number");
    }
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw LuksHeader.bad(path(name) + " is out of range");
    }
  }

  byte[] base64(String name) throws VolumeFormatException {
    String text = string(name);
    try {
      if (text.length() % 4 != 0) {
        throw new IllegalArgumentException("padding missing");
      }
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw LuksHeader.bad(path(name) + " is not base64");
    }
  }

  /** An array of strings. */
  List<String> strings(String name) throws VolumeFormatException {
    List<String> texts = new ArrayList<>();
    if (!(member(name) instanceof List<?> items)) {
      throw LuksHeader.bad(path(name) + " is not an array");
    }
    for (Object item : items) {
      if (!(item instanceof String text)) {
        throw LuksHeader.bad(path(name) + " has an element that is no string");
      }
      texts.add(text);
    }
    return texts;
  }

  /** An array of names of numbered objects, none of them twice. */
  List<Integer> numbers(String name) throws VolumeFormatException {
    List<Integer> numbers = new ArrayList<>();
    for (String text : strings(name)) {
      int number = number(text);
      if (numbers.contains(number)) {
        throw LuksHeader.bad(path(name) + " names " + number + " twice");
      }
      numbers.add(number);
    }
    return numbers;
  }

  private int number(String text) throws VolumeFormatException {
    if (!text.matches("[0-9]|[12][0-9]|3[01]")) {
      throw LuksHeader.bad(where + ": " + Shown.text(text) + " is no number from 0 to 31");
    }
    return Integer.parseInt(text);
  }

  @SuppressWarnings("unchecked") // Reader puts nothing else into a Map
  private JsonObject object(String name, Object value) throws VolumeFormatException {
    if (value instanceof Map<?, ?> map) {
      return new JsonObject(path(name), (Map<String, Object>) map);
    }
    throw LuksHeader.bad(path(name) + " is not an object");
  }

  private Object member(String name) throws VolumeFormatException {
    @Nullable Object value = members.get(name);
    if (value == null) {
      throw LuksHeader.bad(path(name) + " is missing");
    }
    return value;
  }

  private String path(String name) {
    return where.isEmpty() ? name : where + "." + name;
  }
}
