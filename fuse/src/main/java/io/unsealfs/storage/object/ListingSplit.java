package io.unsealfs.storage.object;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Cuts a long listing into parts that can be listed at the same time: what lies one level below its
 * prefix, taken together by the first characters where there is much of it, so that a thousand
 * small directories do not become a thousand requests.
 *
 * <p>A cut is made only where it surely covers everything: the level was listed to its end, nothing
 * in it is out of place, and every key that was seen before lies in one of the parts.
 */
final class ListingSplit {
  /** Parts that are worth it: as many as there are requests at a time. */
  private static final int PARTS_WANTED = 16;

  private static final int PARTS_MOST = 256;

  /** Pages of a level; a longer one is listed as it is. */
  private static final int LEVEL_PAGES_MOST = 10;

  /** Directories with nothing beside them, one in the other. */
  private static final int DESCENT_MOST = 64;

  private final String prefix;

  /** Entries of the level: an object, or empty for what lies below a prefix. */
  private final SortedMap<String, Optional<ObjectVersion>> level = new TreeMap<>();

  private ListingSplit(String prefix) {
    this.prefix = prefix;
  }

  /**
   * The parts of a listing in the order of their keys: objects, and prefixes to be listed (an empty
   * value).
   *
   * @param walk lists one level of a prefix
   * @param seen keys that are known to be below it
   * @return empty if it cannot be cut, or would gain nothing
   */
  static Optional<SortedMap<String, Optional<ObjectVersion>>> of(
      Function<String, PageWalk> walk, String prefix, Collection<ObjectVersion> seen)
      throws IOException {
    SortedMap<String, Optional<ObjectVersion>> all = new TreeMap<>();
    String below = prefix;
    for (int depth = 0; depth < DESCENT_MOST; depth++) {
      ListingSplit split = new ListingSplit(below);
      if (!split.read(walk.apply(below))) {
        break;
      }
      Optional<SortedMap<String, Optional<ObjectVersion>>> parts = split.cut();
      if (parts.isEmpty()) {
        break;
      }
      all.remove(below);
      all.putAll(parts.get());
      if (lists(parts.get()) > 1) {
        break;
      }
      // nothing but one directory: what is in it is worth cutting, it is not
      below = only(parts.get());
    }
    return Optional.of(all).filter(parts -> !parts.isEmpty() && covers(parts, seen));
  }

  private static String only(SortedMap<String, Optional<ObjectVersion>> parts) {
    return parts.entrySet().stream()
        .filter(part -> part.getValue().isEmpty())
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  /** Whether the whole level was read and is what it should be. */
  private boolean read(PageWalk walk) throws IOException {
    for (int pages = 0; walk.hasNext(); pages++) {
      if (pages == LEVEL_PAGES_MOST) {
        return false;
      }
      ObjectPage page = walk.next();
      boolean mostlyFiles = page.objects().size() > page.prefixes().size();
      if (!take(page) || (walk.hasNext() && mostlyFiles)) {
        return false;
      }
    }
    return !level.isEmpty();
  }

  private boolean take(ObjectPage page) {
    boolean well =
        page.unreadableKeys() == 0
            && page.objects().size() + page.prefixes().size() <= ObjectStore.PAGE_OBJECTS_MAX;
    if (!well) {
      return false;
    }
    for (ObjectVersion object : page.objects()) {
      well &=
          object.key().startsWith(prefix) && level.put(object.key(), Optional.of(object)) == null;
    }
    for (String below : page.prefixes()) {
      well &= isPrefix(below) && level.put(below, Optional.empty()) == null;
    }
    return well;
  }

  /** Whether it can be asked for as it is: what was no text has become a replacement character. */
  private boolean isPrefix(String below) {
    return below.startsWith(prefix)
        && below.length() > prefix.length()
        && below.length() <= KeyRules.KEY_BYTES_MAX
        && below.endsWith("/")
        && below.indexOf('\ufffd') < 0
        && StandardCharsets.UTF_8.newEncoder().canEncode(below);
  }

  private Optional<SortedMap<String, Optional<ObjectVersion>>> cut() {
    int longest =
        level.keySet().stream().mapToInt(String::length).max().orElseThrow() - prefix.length();
    SortedMap<String, Optional<ObjectVersion>> best = null;
    for (int length = 1; length <= longest; length++) {
      SortedMap<String, Optional<ObjectVersion>> parts = cutAt(prefix.length() + length);
      long lists = lists(parts);
      if (lists > PARTS_MOST) {
        break;
      }
      best = parts;
      if (lists >= PARTS_WANTED) {
        break;
      }
    }
    return Optional.ofNullable(best).filter(ListingSplit::gains);
  }

  /**
   * Takes together what begins with the same {@code end} characters. Shorter entries stand for
   * themselves, so that no part begins with another.
   */
  private SortedMap<String, Optional<ObjectVersion>> cutAt(int end) {
    SortedMap<String, Optional<ObjectVersion>> parts = new TreeMap<>();
    level.forEach((entry, object) -> {
      int cut = end < entry.length() && Character.isLowSurrogate(entry.charAt(end)) ? end + 1 : end;
      if (entry.length() < cut || (entry.length() == cut && object.isEmpty())) {
        parts.put(entry, object);
      } else {
        parts.put(entry.substring(0, cut), Optional.empty());
      }
    });
    return parts;
  }

  private static long lists(Map<String, Optional<ObjectVersion>> parts) {
    return parts.values().stream().filter(Optional::isEmpty).count();
  }

  /** One part is a gain only if it is the next directory down. */
  private static boolean gains(SortedMap<String, Optional<ObjectVersion>> parts) {
    return lists(parts) > 1
        || parts.entrySet().stream()
            .anyMatch(part -> part.getValue().isEmpty() && part.getKey().endsWith("/"));
  }

  /** No part begins with another, so the last one before a key is the only one it can be in. */
  private static boolean covers(
      SortedMap<String, Optional<ObjectVersion>> parts, Collection<ObjectVersion> seen) {
    TreeSet<String> lists = new TreeSet<>();
    parts.forEach((part, object) -> {
      if (object.isEmpty()) {
        lists.add(part);
      }
    });
    for (ObjectVersion object : seen) {
      String list = lists.floor(object.key());
      if (!parts.containsKey(object.key()) && (list == null || !object.key().startsWith(list))) {
        return false;
      }
    }
    return true;
  }
}
