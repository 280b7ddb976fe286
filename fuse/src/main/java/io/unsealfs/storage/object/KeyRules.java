package io.unsealfs.storage.object;

import io.unsealfs.storage.FileTree;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Which keys of a bucket can be files of a tree; object-storage.md section 4, "Metadata". */
public final class KeyRules {
  /** Longest key of any store in bytes of UTF-8. */
  public static final int KEY_BYTES_MAX = 1024;

  private KeyRules() {}

  /**
   * What is wrong with a key; empty if nothing is. One slash at the end is fine: a directory
   * marker.
   *
   * @param prefix that the listing asked for
   */
  public static Optional<KeyFault> judge(String prefix, String key) {
    if (!key.startsWith(prefix)) {
      return Optional.of(KeyFault.OUTSIDE_PREFIX);
    }
    if (key.length() > KEY_BYTES_MAX
        || key.getBytes(StandardCharsets.UTF_8).length > KEY_BYTES_MAX) {
      return Optional.of(KeyFault.KEY_TOO_LONG);
    }
    int end = key.endsWith("/") ? key.length() - 1 : key.length();
    return end <= prefix.length() ? rootMarker(prefix, key) : names(key, prefix.length(), end);
  }

  /** The marker of the prefix itself is fine; "prefix//" and an object named like it are not. */
  private static Optional<KeyFault> rootMarker(String prefix, String key) {
    boolean marker = key.equals(prefix) && !key.isEmpty();
    return marker ? Optional.empty() : Optional.of(KeyFault.EMPTY_NAME);
  }

  private static Optional<KeyFault> names(String key, int from, int end) {
    int start = from;
    while (start <= end) {
      int slash = key.indexOf('/', start);
      int stop = slash < 0 || slash > end ? end : slash;
      Optional<KeyFault> fault = name(key.substring(start, stop));
      if (fault.isPresent()) {
        return fault;
      }
      start = stop + 1;
    }
    return Optional.empty();
  }

  private static Optional<KeyFault> name(String name) {
    if (name.isEmpty()) {
      return Optional.of(KeyFault.EMPTY_NAME);
    }
    if (name.equals(".") || name.equals("..")) {
      return Optional.of(KeyFault.DOT_NAME);
    }
    if (name.indexOf('\0') >= 0) {
      return Optional.of(KeyFault.NUL);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
      return Optional.of(KeyFault.UNREADABLE);
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > FileTree.NAME_MAX) {
      return Optional.of(KeyFault.NAME_TOO_LONG);
    }
    return Optional.empty();
  }
}
