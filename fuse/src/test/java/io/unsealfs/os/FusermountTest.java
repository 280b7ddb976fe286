package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** fusermount3 itself, and programs that behave worse. */
class FusermountTest {
  private static final Path PROGRAM = Path.of("/usr/bin/fusermount3");
  private static final int INIT = 26;

  @TempDir Path directory;
  private List<String> before = List.of();

  @BeforeEach
  void noteDescriptors() throws Exception {
    SpawnCalls.memory(1); // loads what stays open
    before = FuseMounts.settledDescriptors();
  }

  @AfterEach
  void noDescriptorIsLeft() throws Exception {
    FuseMounts.assertDescriptors(before);
  }

  private byte[] point() throws IOException {
    return directory.toRealPath().toString().getBytes(UTF_8);
  }

  private boolean mounted() throws IOException {
    byte[] point = point();
    return MountTable.read().stream().anyMatch(entry -> entry.isAt(point));
  }

  private static void needsFusermount() {
    FuseMounts.requireRootAndFuse();
    FuseMounts.require(Files.isExecutable(PROGRAM), "no fusermount3");
  }

  private static void expectInit(FuseDevice device) throws Exception {
    ByteBuffer request = ByteBuffer.allocateDirect(FuseDevice.MIN_READ_BYTES);
    assertTrue(device.read(request.order(ByteOrder.nativeOrder())) > 40);
    assertEquals(INIT, request.getInt(4));
  }

  @Test
  void theDescriptorArrivesAndServesTheMount() throws Exception {
    needsFusermount();
    try (FuseDevice device =
        Fusermount.mount(PROGRAM, point(), "ro,nosuid,nodev,subtype=unsealfs,fsname=a\\,b")) {
      byte[] point = point();
      MountTable.Entry entry =
          MountTable.read().stream().filter(e -> e.isAt(point)).findFirst().orElseThrow();
      assertEquals("fuse.unsealfs", entry.type());
      assertEquals("a,b", new String(entry.source(), UTF_8));
      expectInit(device);
    } finally {
      Unmounter.detach(point());
    }
  }

  @Test
  void theHelperThatStaysBehindUnmountsWhenTheDeviceIsClosed() throws Exception {
    needsFusermount();
    try (FuseDevice device = Fusermount.mount(PROGRAM, point(), "ro,auto_unmount,fsname=x")) {
      expectInit(device);
      assertTrue(mounted());
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (mounted() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertFalse(mounted());
  }

  @Test
  void onlyAWordOfItsOwnMakesTheHelperStay() {
    assertTrue(Fusermount.stays("auto_unmount"));
    assertTrue(Fusermount.stays("ro,auto_unmount,fsname=x"));
    assertTrue(Fusermount.stays("fsname=x\\\\,auto_unmount"));
    assertFalse(Fusermount.stays("fsname=x\\,auto_unmount"));
    assertFalse(Fusermount.stays("ro,noauto_unmount,auto_unmount=1"));
    assertFalse(Fusermount.stays(""));
    assertFalse(Fusermount.stays("x\\"));
  }

  @Test
  void whatTheProgramSaysIsTheMessageOfTheError() throws Exception {
    needsFusermount();
    IOException e =
        assertThrows(IOException.class, () -> Fusermount.mount(PROGRAM, point(), "no_such_option"));
    assertEquals(PROGRAM + " refused: unknown option 'no_such_option'", e.getMessage());
    assertFalse(mounted());
  }

  private String refusal(Path program) {
    return refusal(program, Duration.ofSeconds(30));
  }

  private String refusal(Path program, Duration limit) {
    IOException e =
        assertThrows(IOException.class, () -> Fusermount.mount(program, point(), "ro", limit));
    return String.valueOf(e.getMessage());
  }

  private Path script(String body, String mode) throws IOException {
    Path script = Files.writeString(directory.resolve("program"), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString(mode));
    return script;
  }

  @Test
  void aProgramThatCannotBeRunIsNamed() throws Exception {
    Path none = directory.resolve("none");
    assertEquals("cannot run " + none + ": No such file or directory", refusal(none));
    Path closed = script("exit 0", "rw-r--r--");
    assertEquals("cannot run " + closed + ": Permission denied", refusal(closed));
    assertTrue(refusal(Path.of("/x")).startsWith("cannot run /x"));
    IOException e =
        assertThrows(IOException.class, () -> Fusermount.mount(none, new byte[] {'/', 0}, "ro"));
    assertTrue(String.valueOf(e.getMessage()).contains("NUL"), e.getMessage());
  }

  @Test
  void aProgramThatEndsWithoutAWordIsReportedWithItsStatus() throws Exception {
    Path script = script("exit 7", "rwxr-xr-x");
    assertEquals(script + " gave no reason, exit status 7", refusal(script));
  }

  @Test
  void aFloodOfWordsIsCutAndMadeOneLine() throws Exception {
    Path script = script("echo 'first\tline' >&2; yes | head -c 300000 >&2; exit 1", "rwxr-xr-x");
    String refusal = refusal(script);
    assertTrue(refusal.startsWith(script + " refused: first line y y"), refusal);
    assertTrue(refusal.length() < 4300, "length " + refusal.length());
  }

  @Test
  void aProgramThatHangsIsGivenUp() throws Exception {
    Path script = script("exec sleep 60", "rwxr-xr-x");
    assertEquals(script + " did not answer in 1 s", refusal(script, Duration.ofMillis(1500)));
  }

  @Test
  void theProgramGetsItsSocketAndNothingElse() throws Exception {
    Path seen = directory.resolve("seen");
    Path script =
        script(
            "exec >'%s'; echo $_FUSE_COMMFD \"$@\"; env; exec ls -l /proc/self/fd".formatted(seen),
            "rwxr-xr-x");
    try (FuseDevice _ = FuseDevice.open()) {
      refusal(script);
    }
    String told = Files.readString(seen);
    assertTrue(told.startsWith("3 -o ro -- " + directory.toRealPath() + "\n"), told);
    List<String> descriptors =
        told.lines()
            .filter(line -> line.contains(" -> ") && !line.contains("/proc/")) // of ls itself
            .map(line -> line.replaceFirst(".* (\\d+) -> ([^\\[]*).*", "$1 $2"))
            .toList();
    assertEquals(
        List.of("0 /dev/null", "1 " + seen.toRealPath(), "2 pipe:", "3 socket:"),
        descriptors,
        told);
    assertFalse(told.contains("HOME="), told);
  }

  @Test
  void theListOfOpenDescriptorsServesWhereTheLibraryCannotCloseARange() throws Exception {
    try (DescriptorPair output = DescriptorPair.pipe();
        Descriptor handed = DescriptorPair.duplicate(output.theirs(), SpawnActions.LOWEST);
        SpawnActions actions = new SpawnActions()) {
      actions.noInput();
      actions.hand(handed.acquire(), 1);
      actions.closeListedFrom(2);
      ChildProcess child =
          ChildProcess.start(
              "/bin/sh".getBytes(UTF_8),
              List.of(
                  "sh".getBytes(UTF_8),
                  "-c".getBytes(UTF_8),
                  "echo /proc/$$/fd/*; kill -9 $$".getBytes(UTF_8)),
              List.of(),
              actions);
      handed.release();
      assertEquals(128 + 9, child.await());
      byte[] told = new byte[1000];
      int number = output.ours().acquire();
      long length = SpawnCalls.CALLS.read(number, told, told.length);
      output.ours().release();
      String names = new String(told, 0, (int) length, UTF_8).replaceAll("/proc/\\d+/fd/", "");
      assertTrue(names.matches("0 1( 2)?\n"), names); // 2: the shell reads the directory
    }
  }

  @Test
  void aMessageWithoutADescriptorOrWithTwoIsRefused() throws Exception {
    Path python = Path.of("/usr/bin/python3");
    FuseMounts.require(Files.isExecutable(python), "no python3");
    for (String passed : List.of("[]", "[1, 2]")) {
      Path script =
          script(
              "exec /usr/bin/python3 -c 'import socket; s = socket.socket(fileno=3);"
                  + " socket.send_fds(s, [b\"x\"], "
                  + passed
                  + ")'",
              "rwxr-xr-x");
      assertTrue(refusal(script).contains("Invalid argument"), passed);
    }
  }
}
