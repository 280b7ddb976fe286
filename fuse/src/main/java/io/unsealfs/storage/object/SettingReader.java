package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads settings by name, each once, and knows which were not asked for. */
final class SettingReader {
  private static final int VALUE_MAX = 1024;
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,7})(ms|s|m)?");
  private final Map<String, String> left = new HashMap<>();

  SettingReader(Map<String, String> settings) {
    settings.forEach((name, value) -> {
      if (left.put(name.replace('_', '-'), value) != null) {
        throw new IllegalArgumentException("the setting " + shown(name) + " is given twice");
      }
      if (value.length() > VALUE_MAX) {
        throw new IllegalArgumentException(
            "the setting " + shown(name) + " is longer than " + VALUE_MAX + " characters");
      }
    });
  }

  Optional<String> text(String name) {
    return Optional.ofNullable(left.remove(name));
  }

  Optional<String> word(String name) {
    Optional<String> value = text(name);
    value.ifPresent(v -> {
      if (!WORD.matcher(v).matches()) {
        throw wrong(name, v, "small letters, digits and hyphens");
      }
    });
    return value;
  }

  boolean flag(String name, boolean otherwise) {
    String value = left.remove(name);
    return switch (value) {
      case null -> otherwise;
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> throw wrong(name, value, "true or false");
    };
  }

  /** One of two words, the first where nothing is set. */
  String choice(String name, String first, String second) {
    String value = text(name).orElse(first);
    if (!value.equals(first) && !value.equals(second)) {
      throw wrong(name, value, first + " or " + second);
    }
    return value;
  }

  int count(String name, int otherwise, int least, int most) {
    String value = left.remove(name);
    if (value == null) {
      return otherwise;
    }
    int count = value.matches("[0-9]{1,7}") ? Integer.parseInt(value) : -1;
    if (count < least || count > most) {
      throw wrong(name, value, "a number from " + least + " to " + most);
    }
    return count;
  }

  Duration duration(String name, Duration otherwise) {
    String value = left.remove(name);
    if (value == null) {
      return otherwise;
    }
    Matcher matcher = DURATION.matcher(value);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration duration = inUnit(number, matcher.group(2));
      if (duration.isPositive() && duration.compareTo(LONGEST) <= 0) {
        return duration;
      }
    }
    throw wrong(name, value, "a time such as 10s or 500ms, at most one hour");
  }

  private static Duration inUnit(long number, @Nullable String unit) {
    return switch (unit) {
      case "ms" -> Duration.ofMillis(number);
      case "m" -> Duration.ofMinutes(number);
      case null, default -> Duration.ofSeconds(number);
    };
  }

  /** http or https, host, optional port; nothing else, so that no credential hides in it. */
  Optional<URI> endpoint(String name) {
    String value = left.remove(name);
    if (value == null) {
      return Optional.empty();
    }
    String text = value.contains("://") ? value : "https://" + value;
    try {
      URI uri = new URI(text);
      boolean bare =
          uri.getRawUserInfo() == null
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null
              && (uri.getRawPath() == null
                  || uri.getRawPath().isEmpty()
                  || uri.getRawPath().equals("/"));
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      int port = uri.getPort();
      if (web && bare && uri.getHost() != null && (port == -1 || (port > 0 && port < 65536))) {
        return Optional.of(new URI(uri.getScheme(), null, uri.getHost(), port, null, null, null));
      }
    } catch (URISyntaxException e) {
      // said below, without the text: it may hold a password
    }
    throw new IllegalArgumentException(
        "the setting " + name + " is not of the form https://HOST[:PORT] or http://HOST[:PORT]");
  }

  void refuseUnread() {
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown setting " + shown(new TreeSet<>(left.keySet()).first()) + " of an object store");
    }
  }

  private static IllegalArgumentException wrong(String name, String value, String rule) {
    return new IllegalArgumentException(
        "the setting " + name + " is \"" + shown(value) + "\", and has to be " + rule);
  }

  private static String shown(String text) {
    return Name.of(text.substring(0, Math.min(40, text.length()))).toString();
  }
}
