package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What changes a process for good is tried in one of its own. */
class ProcessControlTest {

  /** The changes themselves; prints what the test compares, on descriptor 3. */
  static final class Child {
    public static void main(String[] args) throws Exception {
      ProcessControl.forbidDumps();
      ProcessControl.startSession();
      ProcessControl.leaveWorkingDirectory();
      byte[] key = new InheritedDescriptor(4).readAll(1 << 20);
      List<String> told = new ArrayList<>();
      told.add("dumpable " + ProcessControl.isDumpable());
      told.add("core " + ProcessControl.coreBytes());
      told.add("key " + key.length + " " + key[0] + " " + key[key.length - 1]);
      told.add("cwd " + Path.of("/proc/self/cwd").toRealPath());
      InheritedDescriptor.silenceStandardStreams();
      for (int stream = 0; stream < 3; stream++) {
        told.add(stream + " " + Path.of("/proc/self/fd/" + stream).toRealPath());
      }
      List<Integer> open = InheritedDescriptor.open();
      told.add("open " + open.subList(0, 5));
      new InheritedDescriptor(4).close();
      told.add(
          "four " + new InheritedDescriptor(4).isOpen() + InheritedDescriptor.open().contains(4));
      String stat = java.nio.file.Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      told.add("session " + fields[3].equals(Long.toString(ProcessHandle.current().pid())));
      new InheritedDescriptor(3).write((String.join("\n", told) + "\n").getBytes(UTF_8));
    }
  }

  @Test
  void detachesAndHardensAProcess() throws Exception {
    // bash makes the process no group leader and gives it the descriptors 3 and 4.
    String script =
        "(\"$0\" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
            + " -cp \"$1\" \"$2\" 3>&1 >/dev/null 4< <(head -c 300000 /dev/zero | tr '\\0' k)); true";
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                script,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                System.getProperty("java.class.path"),
                Child.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String told = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(
        """
        dumpable false
        core OptionalLong[0]
        key 300000 107 107
        cwd /
        0 /dev/null
        1 /dev/null
        2 /dev/null
        open [0, 1, 2, 3, 4]
        four falsefalse
        session true
        """,
        told);
  }

  @Test
  void readAllIsBoundedAndSaysWhenTheNumberIsNotOpen() throws Exception {
    try (Descriptor file = openFile("/proc/self/status")) {
      InheritedDescriptor inherited = new InheritedDescriptor(file.acquire());
      try {
        assertTrue(inherited.isOpen());
        SystemCallException e =
            assertThrows(SystemCallException.class, () -> inherited.readAll(10));
        assertEquals(ErrorNumber.ERANGE, e.errno());
      } finally {
        file.release();
      }
    }
    try (Descriptor file = openFile("/dev/null")) {
      assertArrayEquals(new byte[0], new InheritedDescriptor(file.acquire()).readAll(0));
      file.release();
    }
    InheritedDescriptor missing = new InheritedDescriptor(1 << 20);
    assertEquals(
        ErrorNumber.EBADF,
        assertThrows(SystemCallException.class, () -> missing.readAll(10)).errno());
    assertEquals(
        ErrorNumber.EBADF,
        assertThrows(SystemCallException.class, () -> missing.write(new byte[1])).errno());
    missing.close();
    assertThrows(IllegalArgumentException.class, () -> new InheritedDescriptor(-1));
  }

  private static Descriptor openFile(String path) throws Exception {
    return Descriptor.opened(
        "open", Libc.CALLS.open(Libc.terminated(path.getBytes(UTF_8)), OpenFlags.CLOEXEC, 0));
  }

  @Test
  void knowsTheLimitOfLockedMemory() throws Exception {
    OptionalLong limit = ProcessControl.lockableBytes();
    assertTrue(limit.isEmpty() || limit.getAsLong() >= 0);
    assertTrue(ProcessControl.effectiveUser() >= 0);
  }

  @Test
  void unmountingWhatIsNotMountedIsRefused() {
    byte[] path = "/proc/self/fd/none".getBytes(UTF_8);
    assertThrows(SystemCallException.class, () -> Unmounter.unmount(path));
    assertThrows(SystemCallException.class, () -> Unmounter.detach(path));
  }
}
