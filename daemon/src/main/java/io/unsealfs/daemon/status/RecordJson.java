package io.unsealfs.daemon.status;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of records whose components are text, {@code long}, {@code boolean}, records, lists and
 * optionals of these: names in lower case with underscores, an empty optional as null. What is read
 * may have more members than the record, as a newer program writes; they are left out.
 */
public final class RecordJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MOST_ENTRIES = 10_000;

  private RecordJson() {}

  /** One line of JSON, without a line end. */
  public static String write(Record value) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      writeRecord(json, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter throws none
    }
    return line.toString();
  }

  private static void writeRecord(JsonGenerator json, Record value) throws IOException {
    json.writeStartObject();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      json.writeFieldName(memberName(component));
      try {
        component.getAccessor().setAccessible(true);
        writeValue(json, component.getAccessor().invoke(value));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("an accessor of a record failed", e);
      }
    }
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Optional<?> optional -> writeValue(json, optional.orElse(null));
      case Record record -> writeRecord(json, record);
      case List<?> list -> {
        json.writeStartArray();
        for (Object element : list) {
          writeValue(json, element);
        }
        json.writeEndArray();
      }
      case Long number -> json.writeNumber(number);
      case Boolean flag -> json.writeBoolean(flag);
      case String text -> json.writeString(text);
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  /** {@code readBytes} as {@code read_bytes}. */
  private static String memberName(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException if it is no JSON, or not of this form
   */
  public static <T extends Record> T read(String text, Class<T> type) throws IOException {
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      T value = type.cast(readValue(json, type));
      if (value == null || json.nextToken() != null) {
        throw new IOException("not the JSON of one " + type.getSimpleName());
      }
      return value;
    } catch (JacksonException e) {
      // its text has several lines and repeats what was read
      throw new IOException("not JSON, or cut off", e);
    }
  }

  private static @Nullable Object readValue(JsonParser json, Type type) throws IOException {
    if (type instanceof ParameterizedType generic) {
      Type element = generic.getActualTypeArguments()[0];
      if (generic.getRawType() == Optional.class) {
        return json.currentToken() == JsonToken.VALUE_NULL
            ? Optional.empty()
            : Optional.ofNullable(readValue(json, element));
      }
      return readList(json, element);
    }
    if (type instanceof Class<?> simple) {
      if (simple.isRecord()) {
        return readRecord(json, simple);
      }
      if (simple == String.class && json.currentToken() == JsonToken.VALUE_STRING) {
        return json.getText();
      }
      if ((simple == long.class || simple == Long.class)
          && json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
        return json.getLongValue();
      }
      if (simple == boolean.class && json.currentToken().isBoolean()) {
        return json.getBooleanValue();
      }
    }
    throw new IOException("unexpected JSON value for " + json.currentName());
  }

  private static List<Object> readList(JsonParser json, Type element) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw new IOException("no JSON array: " + json.currentName());
    }
    List<Object> list = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      Object value = readValue(json, element);
      if (value == null || list.size() == MOST_ENTRIES) {
        throw new IOException("JSON array out of bounds: " + json.currentName());
      }
      list.add(value);
    }
    return list;
  }

  private static Object readRecord(JsonParser json, Class<?> type) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new IOException("no JSON object: " + json.currentName());
    }
    RecordComponent[] components = type.getRecordComponents();
    Map<String, Integer> places = new HashMap<>();
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      places.put(memberName(components[i]), i);
      types[i] = components[i].getType();
    }
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      if (types[i] == Optional.class) {
        values[i] = Optional.empty();
      }
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      if (json.currentToken() != JsonToken.FIELD_NAME) {
        throw new IOException("the JSON is cut off");
      }
      Integer place = places.get(json.currentName());
      json.nextToken();
      if (place == null) {
        json.skipChildren();
      } else {
        values[place] = readValue(json, components[place].getGenericType());
      }
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        throw new IOException("the JSON lacks " + memberName(components[i]));
      }
    }
    try {
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IOException("no " + type.getSimpleName() + " can be made of the JSON", e);
    }
  }
}
