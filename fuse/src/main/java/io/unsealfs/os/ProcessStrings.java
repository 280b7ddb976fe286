package io.unsealfs.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What this process was started with, as the bytes it came in: a String of Java has lost what is
 * not UTF-8. To be read before {@link ProcessControl#forbidDumps}, which gives the files to root.
 */
public final class ProcessStrings {
  private ProcessStrings() {}

  /** All words of the command line, the JVM's own among them. */
  public static List<byte[]> commandLine() throws IOException {
    return split(Files.readAllBytes(Path.of("/proc/self/cmdline")));
  }

  /** The environment, {@code NAME=value}. */
  public static List<byte[]> environment() throws IOException {
    return split(Files.readAllBytes(Path.of("/proc/self/environ")));
  }

  /** The strings of {@code bytes}, each of which a NUL ends; what has no NUL is left out. */
  static List<byte[]> split(byte[] bytes) {
    List<byte[]> strings = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        strings.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    return strings;
  }
}
