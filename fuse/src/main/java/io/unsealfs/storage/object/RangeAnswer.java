package io.unsealfs.storage.object;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of the answer to a ranged read, and whether it is the answer to what was asked;
 * object-storage.md section 3, "Response check".
 *
 * @param status HTTP status
 * @param contentRange Content-Range
 * @param contentLength Content-Length, -1 without one
 * @param etag entity tag as it came
 * @param lastModified Last-Modified as it came
 */
public record RangeAnswer(
    int status,
    Optional<String> contentRange,
    long contentLength,
    Optional<String> etag,
    Optional<String> lastModified) {
  private static final Pattern RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

  /**
   * Checks it.
   *
   * @throws StoreProtocolException if it is another range, or its length is not told
   * @throws ObjectChangedException if it is of another version
   */
  public void check(ObjectVersion version, long offset, long length) throws IOException {
    if (status == 200 && offset == 0 && length == version.size()) {
      checkLength(length);
    } else if (status == 206) {
      checkRange(version, offset, length);
      checkLength(length);
    } else {
      throw new StoreProtocolException(
          StoreProtocolException.Fault.RANGE,
          status == 200
              ? "the store sends the whole object where a range was asked for"
              : "the store answered " + status + " to a ranged read");
    }
    checkVersion(version);
  }

  private void checkRange(ObjectVersion version, long offset, long length) throws IOException {
    Matcher matcher = RANGE.matcher(contentRange.orElse(""));
    if (!matcher.matches()) {
      throw new StoreProtocolException(
          StoreProtocolException.Fault.RANGE, "the store does not say which range it sends");
    }
    if (Long.parseLong(matcher.group(3)) != version.size()) {
      throw new ObjectChangedException(
          "the object's size was " + version.size() + " and is " + matcher.group(3));
    }
    if (Long.parseLong(matcher.group(1)) != offset
        || Long.parseLong(matcher.group(2)) != offset + length - 1) {
      throw new StoreProtocolException(
          StoreProtocolException.Fault.RANGE, "the store sends another range than was asked for");
    }
  }

  private void checkLength(long length) throws IOException {
    if (contentLength == length) {
      return;
    }
    if (status == 200 && contentLength >= 0) {
      throw new ObjectChangedException(
          "the object's size was " + length + " and is " + contentLength);
    }
    throw new StoreProtocolException(
        StoreProtocolException.Fault.LENGTH, "the store sends another length than was asked for");
  }

  private void checkVersion(ObjectVersion version) throws IOException {
    if (!version.isPinned()) {
      return;
    }
    if (version.etag().isPresent()) {
      if (etag.isEmpty()) {
        throw new StoreProtocolException(
            StoreProtocolException.Fault.VERSION, "the store does not say which version it sends");
      }
      if (!bare(etag.get()).equals(version.etag().get())) {
        throw new ObjectChangedException("the object was replaced");
      }
    } else if (millis(lastModified).orElse(0L) / 1000 != version.modifiedMillis() / 1000) {
      throw new ObjectChangedException("the object was replaced, or its age is not told");
    }
  }

  /** An entity tag without quotes: listings and headers differ in them. */
  public static String bare(String etag) {
    boolean quoted = etag.length() >= 2 && etag.startsWith("\"") && etag.endsWith("\"");
    return quoted ? etag.substring(1, etag.length() - 1) : etag;
  }

  /** An entity tag as If-Match wants it. */
  public static String quoted(String etag) {
    return etag.startsWith("W/") ? etag : "\"" + etag + "\"";
  }

  /** A time of HTTP as milliseconds since 1970; empty if it is none. */
  public static Optional<Long> millis(Optional<String> time) {
    try {
      return time.map(
          text -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text)).toEpochMilli());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Milliseconds since 1970 as HTTP writes a time. */
  public static String time(long millis) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(
        Instant.ofEpochMilli(millis).atOffset(java.time.ZoneOffset.UTC));
  }
}
