package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README tells a stranger to type works when it is typed. */
class ReadmeTest {
  /**
   * A root directory of its own, so that the sample's absolute paths meet nothing that is there.
   */
  private static final String PRIVATE_ROOT =
      """
      set -eu
      mount --make-rprivate /
      mount -t tmpfs tmpfs /mnt
      for entry in /*; do
        case $entry in
          /mnt | /run | /models) ;;
          *)
            if [ -L "$entry" ]; then
              cp -P "$entry" "/mnt$entry"
            elif [ -d "$entry" ]; then
              mkdir "/mnt$entry"
              mount --rbind "$entry" "/mnt$entry"
            fi
            ;;
        esac
      done
      mkdir /mnt/run
      mount -t proc proc /mnt/proc
      cd "$1"
      exec chroot /mnt bash -euo pipefail -c 'cd "$0"; . ./sample' "$1"
      """;

  @TempDir Path scratch;

  @Test
  void theRealMountInFiveLines() throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root(); // mount namespaces
    Needs.programs("unshare", "chroot");
    List<String> sample = sample("## A real mount in five lines");
    assertEquals(5, sample.size(), "the section promises five lines: " + sample);
    Files.write(scratch.resolve("sample"), sample);
    Files.createSymbolicLink(scratch.resolve("daemon"), Needs.checkout().resolve("daemon"));
    Path model = Files.createDirectory(scratch.resolve("model"));
    Files.writeString(model.resolve("config.json"), "{}");
    Files.write(model.resolve("weights.bin"), VectorVolume.content("weights.bin", 100_000));

    // a PID namespace: whatever the sample leaves behind ends with it
    Outcome outcome =
        new Command(scratch, "unshare", "--mount", "--pid", "--fork", "--kill-child")
            .with("bash", "-c", PRIVATE_ROOT, "readme", scratch.toString())
            .run()
            .assertStatus(0);

    assertTrue(outcome.out().contains("config.json"), outcome::toString);
    assertTrue(outcome.out().contains("100000"), outcome::toString);
    assertFalse(outcome.err().contains("Exception"), outcome::toString);
    assertTrue(Files.exists(scratch.resolve("model.enc/gocryptfs.conf")));
  }

  /** The indented lines of a section. */
  private static List<String> sample(String heading) throws IOException {
    List<String> lines = Files.readAllLines(Needs.checkout().resolve("README.md"));
    int from = lines.indexOf(heading);
    assertTrue(from >= 0, "the README has no section " + heading);
    return lines.subList(from + 1, lines.size()).stream()
        .takeWhile(line -> !line.startsWith("#"))
        .filter(line -> line.startsWith("    "))
        .map(String::strip)
        .toList();
  }
}
