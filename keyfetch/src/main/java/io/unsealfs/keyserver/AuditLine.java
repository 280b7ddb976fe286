package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What chains an audit line to the others. A line is one JSON object that begins with its number
 * and the SHA-256 of the exact bytes of the line before it, without line end; zeros where there is
 * none.
 *
 * @param sequence its number, from 1
 * @param previous hash of the line before it, in lower-case hex
 * @param event what happened to the log itself; empty for a line about a request
 * @param after of {@link #RECOVERED}: the last whole line
 * @param broken of {@link #RECOVERED}: hashes of what follows that line, in order
 */
record AuditLine(
    long sequence,
    String previous,
    Optional<String> event,
    Optional<String> after,
    List<String> broken) {
  /** The {@link #previous} of the first line of all. */
  static final String NOTHING = "0".repeat(64);

  /** No line is longer, in bytes. */
  static final int MAX_BYTES = 1 << 20;

  /** How many unfinished lines may stand in a row. */
  static final int MAX_BROKEN = 16;

  /** The first line of a chain. */
  static final String BEGIN = "begin";

  /** The server was started and goes on where the file ends. */
  static final String STARTED = "started";

  /** The file was renamed; this is the first line of the next one. */
  static final String ROTATED = "rotated";

  /** Lines before this one were not finished. */
  static final String RECOVERED = "recovered";

  static final String SEQUENCE = "seq";
  static final String PREVIOUS = "prev";
  static final String EVENT = "event";
  static final String AFTER = "after";
  static final String BROKEN = "broken_lines";

  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  AuditLine {
    broken = List.copyOf(broken);
  }

  /** Whether {@code text} is a hash as lines have it. */
  static boolean isHash(String text) {
    return HASH.matcher(text).matches();
  }

  /** The hash by which the next line names this one. */
  static String hash(byte[] line) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(line));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Reads a line without its end; empty if it is none of ours, or not whole. */
  static Optional<AuditLine> parse(byte[] line) {
    try (JsonParser json = JSON.createParser(line)) {
      if (json.nextToken() != JsonToken.START_OBJECT
          || !SEQUENCE.equals(json.nextFieldName())
          || json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        return Optional.empty();
      }
      long sequence = json.getLongValue();
      String previous = PREVIOUS.equals(json.nextFieldName()) ? json.nextTextValue() : null;
      if (sequence < 1 || previous == null || !isHash(previous)) {
        return Optional.empty();
      }
      Optional<String> event = Optional.empty();
      Optional<String> after = Optional.empty();
      List<String> broken = new ArrayList<>();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String member = json.currentName();
        json.nextToken();
        switch (member) {
          case EVENT -> event = Optional.of(json.getText());
          case AFTER -> after = Optional.of(json.getText());
          case BROKEN -> readTexts(json, broken);
          default -> json.skipChildren();
        }
      }
      if (json.currentToken() != JsonToken.END_OBJECT || json.nextToken() != null) {
        return Optional.empty();
      }
      return Optional.of(new AuditLine(sequence, previous, event, after, broken));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void readTexts(JsonParser json, List<String> texts) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      json.skipChildren();
      return;
    }
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (texts.size() < MAX_BROKEN) {
        texts.add(json.getText());
      }
      json.skipChildren();
    }
  }
}
