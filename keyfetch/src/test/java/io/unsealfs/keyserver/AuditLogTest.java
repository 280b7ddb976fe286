package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.policy.Requester;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  @TempDir Path directory = Path.of("");

  private static AuditLog.Entry entry(String secretName) {
    return new AuditLog.Entry(
        Instant.EPOCH,
        "192.0.2.1:1234",
        secretName,
        "sample",
        "refused",
        "NOT_RELEASED",
        "unknown secret",
        List.of(new FailedCheck("binding", FailedCheck.Kind.BINDING, "aa", "bb")));
  }

  private static String line(String secretName) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AuditLog.to(Channels.newChannel(out), CLOCK).append(entry(secretName));
    String lines = out.toString(StandardCharsets.UTF_8);
    return lines.substring(lines.indexOf('\n') + 1);
  }

  @Test
  void aLineSaysWhoWhatVerdictReasonAndWhatWasExpected() throws IOException {
    assertEquals(
        "{\"seq\":2,\"prev\":\""
            + AuditLine.hash(
                ("{\"seq\":1,\"prev\":\""
                        + AuditLine.NOTHING
                        + "\",\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"begin\"}")
                    .getBytes(StandardCharsets.UTF_8))
            + "\",\"time\":\"1970-01-01T00:00:00Z\",\"peer\":\"192.0.2.1:1234\",\"secret\":\"a\","
            + "\"evidence\":\"sample\",\"verdict\":\"refused\",\"reason\":\"NOT_RELEASED\","
            + "\"detail\":\"unknown secret\",\"failed_checks\":[{\"name\":\"binding\","
            + "\"expected\":\"aa\",\"actual\":\"bb\"}]}\n",
        line("a"));
  }

  @Test
  void whateverTheNameThereIsOneAsciiLineThatGivesItBack() throws IOException {
    for (String name :
        new String[] {
          "\n{\"verdict\":\"released\"}\n",
          "\"",
          "\\",
          "\r\0\u001b[2J",
          "\u2028\u2029",
          "\u202e",
          "ü😀"
        }) {
      String line = line(name);
      assertEquals(line.length() - 1, line.indexOf('\n'), line);
      assertTrue(line.chars().allMatch(c -> c == '\n' || (c >= ' ' && c < 127)), line);
      assertEquals(name, members(line).get("secret"));
    }
  }

  @Test
  void longValuesAreCutEvenInsideASurrogatePair() throws IOException {
    assertTrue(line("x".repeat(100_000)).length() < 2000);
    assertTrue(line("x".repeat(511) + "😀".repeat(100)).length() < 2000);
  }

  @Test
  void rotationGoesOnInAFreshFileAndLosesNothing() throws IOException {
    Path file = directory.resolve("audit.jsonl");
    try (AuditLog log = AuditLog.open(Optional.of(file), CLOCK)) {
      log.append(entry("one"));
      Files.move(file, directory.resolve("audit.jsonl.1"));
      log.append(entry("two"));
      log.reopen();
      log.append(entry("three"));
    }
    List<String> old = Files.readAllLines(directory.resolve("audit.jsonl.1"));
    List<String> fresh = Files.readAllLines(file);
    assertEquals(3, old.size());
    assertEquals(2, fresh.size());
    assertEquals("rotated", members(fresh.get(0)).get("event"));
    assertEquals("three", members(fresh.get(1)).get("secret"));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    try (AuditLog again = AuditLog.open(Optional.of(file), CLOCK)) {
      again.append(entry("four"));
    }
    assertEquals(4, Files.readAllLines(file).size(), "appends to what is there");
  }

  @Test
  void aFailedRotationKeepsTheOldFile() throws IOException {
    Path file = directory.resolve("audit.jsonl");
    try (AuditLog log = AuditLog.open(Optional.of(file), CLOCK)) {
      Path moved = directory.resolve("moved");
      Files.move(file, moved);
      Files.createDirectory(file);
      assertThrows(KeyServerConfigException.class, log::reopen);
      log.append(entry("kept"));
      assertEquals(2, Files.readAllLines(moved).size());
    }
  }

  /** A disk that becomes full within the next line, as often as it is told. */
  private static final class FullDisk implements WritableByteChannel {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int failures;
    private int room;

    void fillUp(int times, int bytesLeft) {
      failures = times;
      room = bytesLeft;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      if (failures > 0 && from.remaining() > room) {
        if (room == 0) {
          failures--;
          room = 7;
          throw new IOException("no space left on device");
        }
        byte[] some = new byte[room];
        from.get(some);
        bytes.writeBytes(some);
        room = 0;
        return some.length;
      }
      byte[] all = new byte[from.remaining()];
      from.get(all);
      bytes.writeBytes(all);
      return all.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void linesThatFailedHalfwayAreOwnedUpToAndTheChainHolds() throws IOException {
    for (int room : new int[] {0, 1, 2, 50, 150}) {
      for (int failures = 1; failures < 4; failures++) {
        FullDisk disk = new FullDisk();
        AuditLog log = AuditLog.to(disk, CLOCK);
        log.append(entry("before"));
        disk.fillUp(failures, room);
        for (int i = 0; i < failures; i++) {
          assertThrows(IOException.class, () -> log.append(entry("lost")));
        }
        log.append(entry("next"));
        Path written = Files.write(directory.resolve("written"), disk.bytes.toByteArray());
        List<String> lines = Files.readAllLines(written);
        assertEquals("next", members(lines.getLast()).get("secret"));
        AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of(log.anchor()));
        verifier.read(written);
        assertEquals(lines.size(), verifier.finish(Optional.empty()).sequence());
        assertEquals(room > 0 || failures > 1, !verifier.notes().isEmpty());
      }
    }
  }

  @Test
  void aLineKeepsMeasurementAndRequesterAndNoEndlessListOfFailures() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] measurement = new byte[48];
    measurement[0] = 0x5a;
    List<FailedCheck> failures =
        Collections.nCopies(1000, new FailedCheck("a", FailedCheck.Kind.POLICY, "b", "c"));
    AuditLog.to(Channels.newChannel(out), CLOCK)
        .append(
            new AuditLog.Entry(
                Instant.EPOCH,
                "192.0.2.1:1234",
                new Requester(Optional.of("0c".repeat(32)), Optional.of("pod-a")),
                "model",
                "tdx",
                Optional.of(
                    Claims.of(
                        Claims.Tee.TDX, Map.of(Claims.Field.MR_TD, measurement), Optional.empty())),
                "refused",
                "NOT_RELEASED",
                "",
                failures));
    String line = out.toString(StandardCharsets.UTF_8);
    assertTrue(line.contains("\"measurement\":{\"tee\":\"tdx\",\"mr_td\":\"5a00"), line);
    assertTrue(
        line.contains(
            "\"requester\":{\"certificate_sha256\":\""
                + "0c".repeat(32)
                + "\",\"pre_shared_key\":\"pod-a\"}"),
        line);
    assertTrue(line.length() < 5000);
  }

  @Test
  void aDirectoryOrALinkIsNoAuditLog() throws IOException {
    assertThrows(
        KeyServerConfigException.class, () -> AuditLog.open(Optional.of(directory), CLOCK));
    Path target = Files.createFile(directory.resolve("target"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);
    assertThrows(KeyServerConfigException.class, () -> AuditLog.open(Optional.of(link), CLOCK));
  }

  static Map<String, String> members(String line) throws IOException {
    Map<String, String> members = new HashMap<>();
    try (JsonParser json = new JsonFactory().createParser(line)) {
      JsonToken token;
      while ((token = json.nextToken()) != null) {
        if (token == JsonToken.VALUE_STRING) {
          String name = json.currentName();
          assertNotNull(name);
          members.putIfAbsent(name, json.getText());
        }
      }
    }
    return members;
  }
}
