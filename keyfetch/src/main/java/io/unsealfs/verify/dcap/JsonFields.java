package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes typed members out of one object of collateral; whatever is wrong is COLLATERAL_FORMAT. */
final class JsonFields {
  private static final int MAX_TEXT_CHARS = 256;

  private final String where;
  private final Map<?, ?> members;

  private JsonFields(String where, Map<?, ?> members) {
    this.where = where;
    this.members = members;
  }

  /**
   * Reads a document.
   *
   * @param name of the document, for messages
   */
  static JsonFields read(byte[] utf8, String name) throws VerificationException {
    try {
      return new JsonFields(name, JsonTree.object(utf8));
    } catch (IOException e) {
      throw Failure.COLLATERAL_FORMAT.exception("a JSON object as " + name, "none", e);
    }
  }

  boolean has(String name) {
    return members.containsKey(name);
  }

  String text(String name) throws VerificationException {
    if (members.get(name) instanceof String text && text.length() <= MAX_TEXT_CHARS) {
      return text;
    }
    throw bad(name, "a text");
  }

  byte[] hex(String name, int size) throws VerificationException {
    String text = text(name);
    if (text.length() == 2 * size) {
      try {
        return HexFormat.of().parseHex(text);
      } catch (IllegalArgumentException e) {
        throw bad(name, size + " bytes in hexadecimal");
      }
    }
    throw bad(name, size + " bytes in hexadecimal");
  }

  int number(String name, int max) throws VerificationException {
    if (members.get(name) instanceof Long number && number >= 0 && number <= max) {
      return number.intValue();
    }
    throw bad(name, "a number from 0 to " + max);
  }

  Instant instant(String name) throws VerificationException {
    try {
      return Instant.parse(text(name));
    } catch (DateTimeException e) {
      throw bad(name, "a time such as 2026-01-31T12:00:00Z");
    }
  }

  JsonFields object(String name) throws VerificationException {
    if (members.get(name) instanceof Map<?, ?> map) {
      return new JsonFields(where + "." + name, map);
    }
    throw bad(name, "an object");
  }

  Optional<JsonFields> optionalObject(String name) throws VerificationException {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  List<JsonFields> objects(String name, int max) throws VerificationException {
    if (!(members.get(name) instanceof List<?> list) || list.size() > max) {
      throw bad(name, "a list of at most " + max + " objects");
    }
    List<JsonFields> objects = new ArrayList<>();
    for (Object element : list) {
      if (!(element instanceof Map<?, ?> map)) {
        throw bad(name, "a list of objects");
      }
      objects.add(new JsonFields(where + "." + name, map));
    }
    return objects;
  }

  /** A list of texts; empty if the member is not there. */
  List<String> texts(String name, int max) throws VerificationException {
    if (!has(name)) {
      return List.of();
    }
    if (!(members.get(name) instanceof List<?> list) || list.size() > max) {
      throw bad(name, "a list of at most " + max + " texts");
    }
    List<String> texts = new ArrayList<>();
    for (Object element : list) {
      if (!(element instanceof String text) || text.length() > MAX_TEXT_CHARS) {
        throw bad(name, "a list of texts");
      }
      texts.add(text);
    }
    return texts;
  }

  /** A member that is not what it should be. */
  VerificationException bad(String name, String expected) {
    return Failure.COLLATERAL_FORMAT.exception(
        where + "." + name + ": " + expected,
        members.containsKey(name) ? "something else" : "no such member");
  }
}
