package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReleaseCountsTest {
  @TempDir Path directory = Path.of("");

  private Path file() {
    return directory.resolve("counts");
  }

  private ReleaseCounts open() throws IOException {
    return ReleaseCounts.open(Optional.of(file()));
  }

  @Test
  void countsSurviveARestart() throws IOException {
    ReleaseCounts counts = open();
    assertTrue(counts.take("m\u00f6del one", 2));
    assertTrue(counts.take("other", 1));
    ReleaseCounts again = open();
    assertTrue(again.take("m\u00f6del one", 2));
    assertFalse(again.take("m\u00f6del one", 2));
    assertFalse(open().take("other", 1));
    assertTrue(open().take("other", 2));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void whatCannotBeWrittenDownIsNotReleased() throws IOException {
    assertThrows(IOException.class, () -> ReleaseCounts.open(Optional.empty()).take("a", 1));
    ReleaseCounts lost =
        ReleaseCounts.open(Optional.of(directory.resolve("no such directory").resolve("counts")));
    assertThrows(IOException.class, () -> lost.take("a", 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "other\n",
        "unsealfs release counts 1",
        "unsealfs release counts 1\n1 a",
        "unsealfs release counts 1\n-1 a\n",
        "unsealfs release counts 1\na 1\n",
        "unsealfs release counts 1\n1 a\n1 a\n"
      })
  void aDamagedFileIsRefused(String content) throws IOException {
    Files.writeString(file(), content);
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-------"));
    assertThrows(KeyServerConfigException.class, this::open);
  }
}
