package io.unsealfs.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the pinned packages come from, and what happens when Debian has none of them any more. */
class DebianFilesTest {
  private static final long SECONDS = 120;
  private static final String GONE = "0.0.1-1+gone1";

  @TempDir Path scratch;
  private Path image = Path.of("");

  @BeforeEach
  void lists() throws IOException {
    Needs.programs("bash", "apt-get", "apt-cache", "dpkg-deb", "sha256sum", "tar");
    image = Files.createDirectory(scratch.resolve("image"));
    Files.writeString(image.resolve("files.list"), "# one\nsystem /bin/sh dash /bin/dash\n");
    Files.createDirectories(scratch.resolve("out"));
  }

  private Program unpack(boolean forTests, String version, String digest) throws IOException {
    Files.writeString(
        image.resolve("debian.lock"), "# pinned\ndash " + version + " " + digest + "\n");
    String script =
        """
        set -euo pipefail
        say() { echo "container/build: $*" >&2; }
        die() { say "$*"; exit 1; }
        . "$0"
        image=$1/image out=$1/out stage=$1/stage newest_if_gone=$2
        unpack_debian
        """;
    return Program.start(
        scratch,
        List.of(
            "bash",
            "-c",
            script,
            Needs.checkout().resolve("container/image/debian.sh").toString(),
            scratch.toString(),
            forTests ? "yes" : "no"));
  }

  private Path shell() {
    return scratch.resolve("stage/system/bin/sh");
  }

  @Test
  void aBuildForTestsTakesTheNewestInPlaceOfWhatIsGoneAndSaysSo()
      throws IOException, InterruptedException {
    try (Program program = unpack(true, GONE, "0".repeat(64))) {
      assertEquals(0, program.await(SECONDS), program::toString);
      assertEquals(1, program.said().lines().count(), program::toString);
      String[] used = Files.readString(scratch.resolve("out/debian.used")).split(" ", -1);
      assertEquals("dash", used[0]);
      assertFalse(used[1].equals(GONE));
      assertEquals(
          "container/build: package dash %s is gone, %s takes its place: these images are for tests only"
              .formatted(GONE, used[1]),
          program.said().strip());
    }
    assertTrue(Files.isExecutable(shell()));
    // what there is is taken as it is pinned, and without a word
    String[] pinned = Files.readString(scratch.resolve("out/debian.used")).strip().split(" ", -1);
    try (Program program = unpack(false, pinned[1], pinned[2])) {
      assertEquals(0, program.await(SECONDS), program::toString);
      assertEquals("", program.said());
    }
    try (Program program = unpack(true, pinned[1], "0".repeat(64))) {
      assertEquals(1, program.await(SECONDS), program::toString);
      assertTrue(program.said().contains("is not the pinned package"), program::toString);
    }
  }

  @Test
  void aReleaseStopsAndNamesTheCommandThatHelps() throws IOException, InterruptedException {
    try (Program program = unpack(false, GONE, "0".repeat(64))) {
      assertEquals(1, program.await(SECONDS), program::toString);
      assertTrue(
          program.said().startsWith("container/build: package dash " + GONE + " cannot be had"),
          program::toString);
      assertTrue(program.said().contains("container/build --update-debian"), program::toString);
    }
    assertFalse(Files.exists(shell()));
  }
}
