package io.unsealfs.daemon;

import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;

/**
 * Chooses files by their path from the root: {@code *} within a name, {@code **} across
 * directories, {@code ?}, {@code [a-z]}, {@code {a,b}}. A glob without a slash is for the name, in
 * whatever directory. Bytes of a name that are not text are compared as {@code \xHH}.
 */
final class PathGlob implements Predicate<String> {
  private static final int MOST_CHARS = 4096;

  private final boolean nameOnly;
  private final List<PathMatcher> matchers;

  private PathGlob(boolean nameOnly, List<PathMatcher> matchers) {
    this.nameOnly = nameOnly;
    this.matchers = matchers;
  }

  /**
   * Reads a glob.
   *
   * @param option where it was given, for the message
   */
  static PathGlob of(String option, String glob) throws UsageException {
    String pattern = glob.startsWith("/") ? glob.substring(1) : glob;
    if (pattern.isEmpty() || pattern.length() > MOST_CHARS) {
      throw new UsageException(option + ": the glob is empty or longer than " + MOST_CHARS);
    }
    boolean nameOnly = !glob.contains("/");
    try {
      List<PathMatcher> matchers = new ArrayList<>();
      matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + pattern));
      if (pattern.startsWith("**/")) {
        // in the JDK's globs that takes at least one directory
        matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + pattern.substring(3)));
      }
      return new PathGlob(nameOnly, List.copyOf(matchers));
    } catch (PatternSyntaxException e) {
      throw new UsageException(option + " " + glob + ": " + e.getDescription());
    }
  }

  /** Whether the file at {@code path}, without a leading slash, is meant. */
  @Override
  public boolean test(String path) {
    Path whole;
    try {
      whole = Path.of(nameOnly ? path.substring(path.lastIndexOf('/') + 1) : path);
    } catch (InvalidPathException e) {
      return false;
    }
    return matchers.stream().anyMatch(matcher -> matcher.matches(whole));
  }
}
