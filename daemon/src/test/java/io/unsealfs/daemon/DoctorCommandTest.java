package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_OUT)
class DoctorCommandTest {
  private static final String PIN = "sha256:" + "0".repeat(64);

  @TempDir Path directory;

  private record Outcome(int status, String out) {
    String lineOf(String what) {
      return out.lines()
          .filter(line -> line.startsWith(what, 5))
          .findFirst()
          .orElseThrow(() -> new AssertionError("nothing on " + what + " in\n" + out));
    }
  }

  private static Outcome doctor(String... words) {
    List<String> all = new ArrayList<>(List.of("doctor"));
    all.addAll(List.of(words));
    PrintStream real = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      int status = Main.run(all, new Wiring(CallerChannel.fromEnvironment(Map.of())));
      return new Outcome(status, out.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(real);
    }
  }

  @Test
  void everyLineHasALevelAndASubject() {
    Outcome outcome = doctor("--attester", "none");
    for (String line : outcome.out().lines().toList()) {
      assertTrue(line.matches("(ok   |warn |fail )[^:]+: .+"), line);
    }
    for (String what :
        List.of(
            "/dev/fuse",
            "right to mount",
            "transport",
            "resident mode",
            "FUSE requests",
            "read-ahead",
            "evidence",
            "clock",
            "Java",
            "memory",
            "locked memory",
            "swap",
            "AES-256-GCM",
            "credentials")) {
      assertFalse(outcome.lineOf(what).isEmpty());
    }
  }

  @Test
  void aKeyFileThatCanBeReadIsFine() throws IOException {
    Path key = Files.writeString(directory.resolve("key"), "secret words");
    Outcome outcome = doctor("file:" + key, "--attester", "none");
    assertTrue(outcome.lineOf("key file:").startsWith("ok"), outcome.out());
    assertFalse(outcome.out().contains("secret words"));
  }

  @Test
  void theFirstFailureDecidesTheExitCode() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String server = "grpc://127.0.0.1:" + port + "/model";
    String missing = "file:" + directory.resolve("missing");
    boolean hostIsFine = doctor("--attester", "none").status() == 0;
    Outcome first = doctor(server, missing, "--server-pin", PIN, "--attester", "none");
    assertTrue(first.lineOf("key grpc:").startsWith("fail"), first.out());
    assertTrue(first.lineOf("key file:").startsWith("fail"), first.out());
    if (hostIsFine) {
      assertEquals(22, first.status());
      assertEquals(2, doctor(missing, server, "--server-pin", PIN, "--attester", "none").status());
    }
  }

  @Test
  void aSecretGivenByMistakeIsNotRepeated() {
    Outcome outcome = doctor("correcthorsebatterystaple", "--attester", "none");
    assertTrue(outcome.lineOf("key 1").startsWith("fail"), outcome.out());
    assertFalse(outcome.out().contains("horse"));
  }

  @Test
  void aServerWithoutTrustIsAUsageMatter() {
    Outcome outcome = doctor("grpc://127.0.0.1:1/model", "--attester", "none");
    assertTrue(outcome.lineOf("key grpc:").contains("--server-pin"), outcome.out());
  }

  @Test
  void jsonHoldsTheSameAsOneObject() {
    Outcome outcome = doctor("--json", "--attester", "none", "nonsense");
    assertEquals(1, outcome.out().lines().count());
    assertTrue(outcome.out().startsWith("{\"checks\":[{\"level\":\""), outcome.out());
    assertTrue(outcome.out().contains("\"check\":\"key 1\""), outcome.out());
    assertTrue(outcome.out().stripTrailing().endsWith("\"exit\":" + outcome.status() + "}"));
  }
}
