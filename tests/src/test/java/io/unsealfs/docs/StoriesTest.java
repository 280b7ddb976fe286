package io.unsealfs.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the blocks of the pages, story by story, in a root directory, a network and a process tree
 * of their own: absolute paths, fixed ports and daemons left behind meet nothing that is there.
 */
class StoriesTest {
  private static final long MINUTES = 5;

  /** Copies what pages write to; what they only read is bound. */
  private static final String PRIVATE_ROOT =
      """
      set -eu
      ip link set lo up
      mount --make-rprivate /
      mount -t tmpfs tmpfs /mnt
      for entry in /*; do
        case $entry in
          /mnt | /run | /models | /srv) ;;
          /etc) cp -a /etc /mnt/etc ;;
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
      mkdir /mnt/run /mnt/srv
      mount -t proc proc /mnt/proc
      cd "$1"
      export PATH="$1/bin:$PATH"
      exec chroot /mnt bash -euxo pipefail -c 'cd "$0"; . "$1"' "$1/work" "$1/story.sh"
      """;

  @TempDir Path scratch;

  @TestFactory
  @DisplayName("what a page tells people to type works")
  Stream<DynamicTest> stories() throws IOException {
    Map<String, List<DocBlock>> stories = new LinkedHashMap<>();
    for (Path page : DocBlock.pages(Needs.checkout())) {
      for (DocBlock block : DocBlock.of(Needs.checkout(), page)) {
        if (block.machine().isEmpty()) {
          block
              .story()
              .ifPresent(name ->
                  stories.computeIfAbsent(page + " " + name, _ -> new ArrayList<>()).add(block));
        }
      }
    }
    assertFalse(stories.isEmpty(), "no page has a block that is run");
    return stories.entrySet().stream()
        .map(story -> DynamicTest.dynamicTest(story.getKey(), () -> run(story.getValue())));
  }

  private void run(List<DocBlock> blocks) throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root(); // mount namespaces
    Needs.programs("unshare", "chroot", "ip");
    Path directory = Files.createTempDirectory(scratch, "story-");
    Path bin = Files.createDirectory(directory.resolve("bin"));
    Path launcher = Needs.checkout().resolve("daemon/bin/unsealfs");
    Files.createSymbolicLink(bin.resolve("unsealfs"), launcher);
    Path work = Files.createDirectory(directory.resolve("work"));
    Files.createSymbolicLink(work.resolve("daemon"), Needs.checkout().resolve("daemon"));
    Path model = Files.createDirectory(work.resolve("model"));
    Files.writeString(model.resolve("config.json"), "{}");
    byte[] weights = new byte[300_000];
    new SplittableRandom(1).nextBytes(weights);
    Files.write(model.resolve("weights.bin"), weights);
    Files.writeString(directory.resolve("story.sh"), DocBlock.script(blocks));
    Path said = directory.resolve("said");
    // a PID namespace: whatever a page leaves behind ends with it
    Process process =
        new ProcessBuilder(
                List.of(
                    "unshare",
                    "--mount",
                    "--pid",
                    "--net",
                    "--fork",
                    "--kill-child",
                    "bash",
                    "-c",
                    PRIVATE_ROOT,
                    "story",
                    directory.toString()))
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      String text = Files.readString(said);
      assertTrue(ended, () -> "did not end:\n" + text);
      assertEquals(0, process.exitValue(), text);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
