package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A bucket, and a prefix or object in it: {@code s3://bucket/path} or {@code oss://bucket/path},
 * with settings for this source behind a question mark ({@code
 * ?region=cn-hangzhou&path-style=true}). The path is taken as it stands, nothing in it is decoded;
 * so one with a question mark cannot be named.
 *
 * @param scheme {@code s3} or {@code oss}
 * @param bucket bucket name
 * @param path prefix or key without slash at either end; empty for the whole bucket
 * @param settings what stands behind the question mark, in its order, not yet judged
 */
public record ObjectUri(String scheme, String bucket, String path, Map<String, String> settings) {
  private static final int LENGTH_MAX = 4096;
  private static final int SETTINGS_MAX = 32;
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern OSS_BUCKET = Pattern.compile("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]");
  private static final Pattern SETTING = Pattern.compile("[a-z][a-z0-9_-]{0,40}");

  /** Copies the settings. */
  public ObjectUri {
    settings = Map.copyOf(settings);
  }

  /** Whether {@code text} means an object store: not a local path. */
  public static boolean isOne(String text) {
    String start = text.substring(0, Math.min(6, text.length())).toLowerCase(Locale.ROOT);
    return start.startsWith("s3://") || start.startsWith("oss://");
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, with a message for its author
   */
  public static ObjectUri parse(String text) {
    if (text.length() > LENGTH_MAX) {
      throw new IllegalArgumentException("the source is longer than " + LENGTH_MAX + " characters");
    }
    int colon = text.indexOf("://");
    String scheme = colon < 0 ? "" : text.substring(0, colon);
    if (!scheme.equals("s3") && !scheme.equals("oss")) {
      throw wrong(text, "it does not begin with s3:// or oss:// (in small letters)");
    }
    int question = text.indexOf('?');
    String place = text.substring(colon + 3, question < 0 ? text.length() : question);
    int slash = place.indexOf('/');
    String bucket = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "" : place.substring(slash + 1);
    checkBucket(text, scheme, bucket);
    if (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
      if (path.isEmpty() || path.endsWith("/")) {
        throw wrong(text, "its path has an empty name");
      }
    }
    checkPath(text, path);
    return new ObjectUri(
        scheme,
        bucket,
        path,
        question < 0 ? Map.of() : settings(text, text.substring(question + 1)));
  }

  /** The prefix of a tree: empty, or ending in a slash. */
  public String treePrefix() {
    return path.isEmpty() ? "" : path + "/";
  }

  /** {@code s3://bucket/path}, for people, without the settings. */
  @Override
  public String toString() {
    return scheme + "://" + bucket + (path.isEmpty() ? "" : "/" + Name.of(path));
  }

  private static void checkBucket(String text, String scheme, String bucket) {
    if (bucket.contains("@") || bucket.contains(":")) {
      throw new IllegalArgumentException(
          "a source of scheme "
              + scheme
              + " holds a bucket name only: give credentials and endpoint as settings");
    }
    Pattern rule = scheme.equals("oss") ? OSS_BUCKET : BUCKET;
    if (!rule.matcher(bucket).matches() || bucket.contains("..")) {
      throw wrong(
          text,
          "a bucket name is 3 to 63 small letters, digits"
              + (scheme.equals("oss") ? " and hyphens" : ", hyphens and dots"));
    }
  }

  private static void checkPath(String text, String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > KeyRules.KEY_BYTES_MAX) {
      throw wrong(text, "its path is longer than " + KeyRules.KEY_BYTES_MAX + " bytes");
    }
    if (path.chars().anyMatch(Character::isISOControl)) {
      throw wrong(text, "its path has a control character");
    }
    if (!path.isEmpty()) {
      KeyRules.judge("", path)
          .ifPresent(fault -> {
            throw wrong(text, why(fault));
          });
    }
  }

  private static String why(KeyFault fault) {
    return switch (fault) {
      case EMPTY_NAME -> "its path has an empty name";
      case DOT_NAME -> "its path has the name . or ..";
      case NAME_TOO_LONG -> "a name of its path is longer than 255 bytes";
      default -> "its path cannot be a key";
    };
  }

  private static Map<String, String> settings(String text, String query) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String setting : query.split("&", -1)) {
      int equals = setting.indexOf('=');
      String name = equals < 0 ? setting : setting.substring(0, equals);
      if (!SETTING.matcher(name).matches()) {
        throw wrong(text, "behind the question mark stands no list of name=value, joined by &");
      }
      String value = equals < 0 ? "true" : setting.substring(equals + 1);
      if (settings.put(name.replace('_', '-'), value) != null) {
        throw wrong(text, "the setting " + name + " is given twice");
      }
      if (settings.size() > SETTINGS_MAX) {
        throw wrong(text, "it has more than " + SETTINGS_MAX + " settings");
      }
    }
    return settings;
  }

  /** Names the source without its settings and without what could forge a line. */
  private static IllegalArgumentException wrong(String text, String why) {
    int question = text.indexOf('?');
    String place = question < 0 ? text : text.substring(0, question);
    String shown = place.length() > 200 ? place.substring(0, 200) + "…" : place;
    if (shown.contains("@")) {
      // somebody's user:password@
      shown = "…";
    }
    return new IllegalArgumentException(
        "\"" + Name.of(shown) + "\" is no source of an object store: " + why);
  }
}
