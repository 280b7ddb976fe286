package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A mount for as long as a command runs. */
class RunCommandTest {
  private static final String HELLO = "hello.bin";

  @TempDir static Path shared;
  private static Path volume = Path.of("");
  private static String key = "";
  @TempDir Path scratch;
  private Path mountPoint = Path.of("");

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    VectorVolume vector = VectorVolume.named("aessiv-deterministic-names");
    volume = vector.unpack(shared);
    key = Secrets.reference(shared, vector.password());
  }

  @BeforeEach
  void needs() throws IOException {
    Needs.fuse();
    mountPoint = Files.createDirectory(scratch.resolve("mnt"));
  }

  @AfterEach
  void nothingStaysMounted() throws IOException, InterruptedException {
    boolean left = MountTable.isMounted(mountPoint);
    if (left) {
      boolean _ = new ProcessBuilder("umount", "-l", mountPoint.toString()).start().waitFor() == 0;
    }
    assertFalse(left, () -> "left mounted: " + mountPoint);
    assertEquals(List.of(), Processes.unsealfsWith(mountPoint.toString()), "daemons left");
  }

  private Command unsealfs(List<String> options, String... command) {
    List<String> words = new ArrayList<>(List.of("run", "--key", key));
    words.addAll(options);
    words.addAll(List.of(volume.toString(), mountPoint.toString(), "--"));
    words.addAll(List.of(command));
    return Command.unsealfs(scratch, words.toArray(String[]::new));
  }

  private Command shell(String script) {
    return unsealfs(List.of(), "sh", "-c", script, "sh", mountPoint.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr"})
  void theCommandSeesTheTreeAndItsStatusIsOurs(String transport)
      throws IOException, InterruptedException {
    Path copy = scratch.resolve("copy");
    Outcome outcome =
        unsealfs(
                List.of("--transport", transport),
                "sh",
                "-c",
                "cp \"$1/hello.bin\" \"$2\"; echo out; echo err >&2; exit 7",
                "sh",
                mountPoint.toString(),
                copy.toString())
            .run();
    outcome.assertStatus(7);
    assertEquals("out\n", outcome.out());
    assertEquals("err\n", outcome.err());
    assertArrayEquals(VectorVolume.content(HELLO, 5000), Files.readAllBytes(copy));
  }

  @Test
  void aCommandThatIsKilledGivesTheStatusAShellGives() throws IOException, InterruptedException {
    shell("kill -KILL $$").run().assertStatus(137);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP", "USR1"})
  void signalsArePassedOn(String signal) throws IOException, InterruptedException {
    try (Running running =
        shell("trap 'exit 42' " + signal + "; echo ready >&2; while :; do sleep 0.05; done")
            .start()) {
      running.awaitLine("ready");
      assertTrue(MountTable.isMounted(mountPoint));
      running.signal(signal);
      assertEquals(42, running.await(), running::toString);
    }
  }

  @Test
  void aCommandThatMindsNoSignalIsNotCutOff() throws IOException, InterruptedException {
    try (Running running =
        shell(
                "trap 'echo heard >&2' TERM; echo ready >&2; while [ ! -e go ]; do sleep 0.05; done;"
                    + " cat \"$1/hello.bin\" >copy")
            .start()) {
      running.awaitLine("ready");
      running.signal("TERM");
      running.awaitLine("heard");
      Files.createFile(scratch.resolve("go"));
      assertEquals(0, running.await(), running::toString);
      assertEquals(5000, Files.size(scratch.resolve("copy")));
    }
  }

  @Test
  void neitherMountNorCommandOutlivesUsWhenWeAreKilled() throws IOException, InterruptedException {
    try (Running running = shell("echo pid $$ >&2; exec sleep 60").start()) {
      long command = Long.parseLong(running.awaitLine("pid ").substring("pid ".length()));
      long ours = Processes.unsealfsWith(mountPoint.toString()).getFirst();
      // both are there a moment after the command began
      Processes.await("a watch over the command", () -> runs("unsealfs-run-watch", "" + command));
      Processes.await("a watch over the mount", () -> runs("unsealfs-watch", "" + mountPoint));
      Processes.signal(ours, "KILL");
      Processes.await("the mount goes", () -> !MountTable.isMounted(mountPoint));
      Processes.awaitEnd(command);
    }
  }

  @Test
  void whoWatchesOverTheCommandGoesWithIt() throws IOException, InterruptedException {
    Outcome outcome = shell("echo $$").run();
    outcome.assertStatus(0);
    String command = outcome.out().strip();
    Processes.await("the watch ends", () -> !runs("unsealfs-run-watch", command));
  }

  private static boolean runs(String... wanted) {
    return ProcessHandle.allProcesses()
        .map(process -> Processes.commandLine(Path.of("/proc", "" + process.pid())))
        .anyMatch(words -> words.containsAll(List.of(wanted)));
  }

  @Test
  void busyFilesDoNotHoldUpTheEnd() throws IOException, InterruptedException {
    Outcome outcome =
        unsealfs(
                List.of("--grace", "1"),
                "sh",
                "-c",
                "sleep 60 <\"$1/hello.bin\" >/dev/null 2>&1 & echo $!",
                "sh",
                mountPoint.toString())
            .run();
    Processes.signal(Long.parseLong(outcome.out().strip()), "KILL");
    outcome.assertStatus(0);
  }

  @Test
  void whatCannotBeRunHasTheStatusAShellGives() throws IOException, InterruptedException {
    Outcome absent = unsealfs(List.of(), "no-such-command-of-ours").run();
    absent.assertStatus(127);
    assertTrue(absent.err().contains("no-such-command-of-ours: no such command"), absent.err());
    Path plain = Files.writeString(scratch.resolve("plain"), "#!/bin/sh\n");
    Outcome notExecutable = unsealfs(List.of(), plain.toString()).run();
    notExecutable.assertStatus(126);
    assertTrue(notExecutable.err().contains("cannot be executed"), notExecutable.err());
    unsealfs(List.of(), scratch.toString()).run().assertStatus(126);
  }

  @Test
  void withoutACommandNothingIsMounted() throws IOException, InterruptedException {
    Outcome outcome =
        Command.unsealfs(scratch, "run", "--key", key, volume.toString(), mountPoint.toString())
            .run();
    outcome.assertStatus(2);
    assertTrue(outcome.err().contains("-- COMMAND"), outcome.err());
  }

  @Test
  void aMountThatFailsRunsNothing() throws IOException, InterruptedException {
    String wrong = Secrets.reference(scratch, "wrong");
    Outcome outcome =
        Command.unsealfs(
                scratch,
                "run",
                "--key",
                wrong,
                volume.toString(),
                mountPoint.toString(),
                "--",
                "echo",
                "ran")
            .run();
    outcome.assertStatus(24);
    assertEquals("", outcome.out());
  }

  @Test
  void argumentsArriveAsTheyWereGiven() throws IOException, InterruptedException {
    String launcher = Needs.checkout().resolve("daemon/bin/unsealfs").toString();
    Outcome outcome =
        new Command(
                scratch,
                "bash",
                "-c",
                "\"$0\" run --key \"$1\" \"$2\" \"$3\" -- printf '%s|' @file -o --key -- '' 'ü' $'\\xff' | od -An -tx1")
            .with(launcher, key, volume.toString(), mountPoint.toString())
            .run();
    outcome.assertStatus(0);
    assertEquals(
        "40 66 69 6c 65 7c 2d 6f 7c 2d 2d 6b 65 79 7c 2d 2d 7c 7c c3 bc 7c ff 7c",
        outcome.out().strip().replaceAll("\\s+", " "),
        outcome::toString);
  }

  @Test
  void theEnvironmentIsTheCallers() throws IOException, InterruptedException {
    Outcome outcome =
        shell(
                "echo \"$JAVA_TOOL_OPTIONS:${LC_ALL-none}:$JAVA_HOME:$PLAIN:${UNSEALFS_CALLER_FDS-none}\"")
            .environment("JAVA_TOOL_OPTIONS", "-Dagent=none")
            .environment("LC_ALL", "C")
            .environment("JAVA_HOME", "/nowhere")
            .environment("PLAIN", "yes")
            .run();
    outcome.assertStatus(0);
    assertEquals("-Dagent=none:C:/nowhere:yes:none\n", outcome.out());
    assertEquals("", outcome.err());
  }

  @Test
  void theCommandHasTheCallersDescriptorsAndNoneOfOurs() throws IOException, InterruptedException {
    String launcher = Needs.checkout().resolve("daemon/bin/unsealfs").toString();
    Path input = Files.writeString(scratch.resolve("input"), "from seven\n");
    Outcome outcome =
        new Command(
                scratch,
                "bash",
                "-c",
                "\"$0\" run --key fd:4 \"$2\" \"$3\" -- sh -c 'cat <&7; ls /proc/$$/fd' 4<\"$1\" 7<\"$4\"")
            .with(launcher, key.substring("file:".length()), volume.toString())
            .with(mountPoint.toString(), input.toString())
            .run();
    outcome.assertStatus(0);
    List<String> lines = outcome.out().lines().toList();
    assertEquals("from seven", lines.getFirst());
    assertEquals(List.of("0", "1", "2", "7"), lines.subList(1, lines.size()), outcome::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr"})
  void privateTreesAreSeenByTheCommandAlone(String transport)
      throws IOException, InterruptedException {
    Needs.root();
    try (Running running =
        unsealfs(
                List.of("--private", "--transport", transport),
                "sh",
                "-c",
                "trap 'exit 5' TERM; cp \"$1/hello.bin\" copy && echo seen >&2;"
                    + " while :; do sleep 0.05; done",
                "sh",
                mountPoint.toString())
            .start()) {
      running.awaitLine("seen");
      assertEquals(5000, Files.size(scratch.resolve("copy")));
      assertFalse(MountTable.isMounted(mountPoint), "seen from outside");
      try (var entries = Files.list(mountPoint)) {
        assertEquals(List.of(), entries.toList(), "seen from outside");
      }
      running.signal("TERM");
      assertEquals(5, running.await(), running::toString);
    }
  }
}
