package io.unsealfs.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CallerWordsTest {

  private static List<String> restored(String... entries) {
    return CallerWords.restored(
            Stream.of(entries).map(entry -> entry.getBytes(ISO_8859_1)).toList())
        .stream()
        .map(entry -> new String(entry, ISO_8859_1))
        .toList();
  }

  @Test
  void whatTheLauncherTookAwayIsBack() {
    assertEquals(
        List.of("JAVA_TOOL_OPTIONS=-Da=b", "PATH=/bin", "NAME=\u00ff"),
        restored("PATH=/bin", "UNSEALFS_CALLER_ENV_JAVA_TOOL_OPTIONS=-Da=b", "NAME=\u00ff"));
  }

  @Test
  void whatTheLauncherSetIsTheCallersAgainOrGone() {
    assertEquals(
        List.of("LC_ALL=C", "LANG=C"),
        restored("LC_ALL=C.UTF-8", "LANG=C", "UNSEALFS_CALLER_ENV_LC_ALL=C"));
    assertEquals(
        List.of("LANG=C"),
        restored(
            "LC_ALL=C.UTF-8",
            "LANG=C",
            "UNSEALFS_CALLER_ENV_LC_ALL=",
            "UNSEALFS_CALLER_FDS=3 4",
            "UNSEALFS_STATUS_FD=9"));
  }
}
