package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandProcessTest {
  @TempDir private Path folder;

  private static CommandProcess start(String... words) throws SystemCallException {
    return CommandProcess.start(
        Stream.of(words).map(word -> word.getBytes(UTF_8)).toList(),
        List.of("PATH=/usr/bin:/bin".getBytes(UTF_8), "GREETING=hello".getBytes(UTF_8)),
        Set.of());
  }

  @Test
  void itHasTheEnvironmentAndItsStatusIsTold() throws Exception {
    Path out = folder.resolve("out");
    assertEquals(
        3, start("sh", "-c", "echo \"$GREETING $1\" >\"$0\"; exit 3", out + "", "you").await());
    assertEquals("hello you\n", Files.readString(out));
  }

  @Test
  void noSignalIsBlockedOrIgnoredInIt() throws Exception {
    Path out = folder.resolve("out");
    // of itself: a shell blocks signals for a moment while it starts a command
    assertEquals(
        0, start("sh", "-c", "grep '^Sig[BI]' /proc/self/status >\"$0\"", out + "").await());
    List<String> lines = Files.readAllLines(out);
    assertEquals("SigBlk:\t0000000000000000", lines.get(0));
    // 32 and 33 are the C library's own, which it ignores in every child it spawns
    // and what this process was started to ignore, as by nohup, is passed on
    assertEquals(0, ignored(lines) & ~0x180000000L & ~ignored(ownStatus()));
  }

  private static List<String> ownStatus() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status"));
  }

  private static long ignored(List<String> status) {
    String line =
        status.stream().filter(one -> one.startsWith("SigIgn:")).findFirst().orElseThrow();
    return Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16);
  }

  @Test
  void aSignalEndsItAndComesTooLateAfterwards() throws Exception {
    CommandProcess process = start("sleep", "60");
    process.signal(15);
    assertEquals(128 + 15, process.await());
    process.signal(15);
  }

  @Test
  void whatCannotBeRunIsTold() {
    assertEquals(
        ErrorNumber.ENOENT,
        assertThrows(SystemCallException.class, () -> start("no-such-command-of-ours")).errno());
    assertEquals(
        ErrorNumber.EACCES,
        assertThrows(SystemCallException.class, () -> start("/etc/passwd")).errno());
  }

  @Test
  void stringsAreSplitAtEachNul() {
    List<byte[]> strings = ProcessStrings.split(new byte[] {'a', 0, 0, (byte) 0xff, 'b', 0});
    assertEquals(3, strings.size());
    assertArrayEquals(new byte[] {'a'}, strings.get(0));
    assertArrayEquals(new byte[0], strings.get(1));
    assertArrayEquals(new byte[] {(byte) 0xff, 'b'}, strings.get(2));
  }
}
