package io.unsealfs.vectors;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** The shared vectors; absent ones skip a test, except where CI says that they must be there. */
public final class Vectors {
  private Vectors() {}

  /** The path of one file. */
  public static Path file(String name) {
    Path path = Path.of(System.getProperty("unsealfs.vectors", "vectors")).resolve(name);
    if (!Files.exists(path)) {
      if ("true".equals(System.getenv("CI"))) {
        fail("shared vector missing: " + path);
      }
      assumeTrue(false, "shared vector missing: " + path);
    }
    return path;
  }

  /** The bytes of one file. */
  public static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(file(name));
  }

  /** A gzipped JSON array of objects. */
  @SuppressWarnings("unchecked") // the caller's vectors are arrays of objects
  public static List<Map<String, Object>> objects(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file(name)));
        JsonParser json = new JsonFactory().createParser(in)) {
      json.nextToken();
      return (List<Map<String, Object>>) value(json);
    }
  }

  private static Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      case START_OBJECT -> {
        Map<String, Object> object = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String key = json.currentName();
          json.nextToken();
          object.put(key, value(json));
        }
        yield object;
      }
      default -> json.getText();
    };
  }
}
