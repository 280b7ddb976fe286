package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unsealfs.verify.FailedCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
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
    AuditLog.to(out).append(entry(secretName));
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aLineSaysWhoWhatVerdictReasonAndWhatWasExpected() throws IOException {
    assertEquals(
        "{\"time\":\"1970-01-01T00:00:00Z\",\"peer\":\"192.0.2.1:1234\",\"secret\":\"a\","
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
    try (AuditLog log = AuditLog.open(Optional.of(file))) {
      log.append(entry("one"));
      Files.move(file, directory.resolve("audit.jsonl.1"));
      log.append(entry("two"));
      log.reopen();
      log.append(entry("three"));
    }
    List<String> old = Files.readAllLines(directory.resolve("audit.jsonl.1"));
    List<String> fresh = Files.readAllLines(file);
    assertEquals(2, old.size());
    assertEquals(1, fresh.size());
    assertEquals("three", members(fresh.get(0)).get("secret"));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    try (AuditLog again = AuditLog.open(Optional.of(file))) {
      again.append(entry("four"));
    }
    assertEquals(2, Files.readAllLines(file).size(), "appends to what is there");
  }

  @Test
  void aFailedRotationKeepsTheOldFile() throws IOException {
    Path file = directory.resolve("audit.jsonl");
    try (AuditLog log = AuditLog.open(Optional.of(file))) {
      Path moved = directory.resolve("moved");
      Files.move(file, moved);
      Files.createDirectory(file);
      assertThrows(KeyServerConfigException.class, log::reopen);
      log.append(entry("kept"));
      assertEquals(1, Files.readAllLines(moved).size());
    }
  }

  @Test
  void aLineThatFailedHalfwayDoesNotSpoilTheNext() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean[] full = {true};
    AuditLog log =
        AuditLog.to(
            new OutputStream() {
              @Override
              public void write(int b) {
                bytes.write(b);
              }

              @Override
              public void write(byte[] b, int from, int length) throws IOException {
                bytes.write(b, from, full[0] ? length / 2 : length);
                if (full[0]) {
                  throw new IOException("no space left on device");
                }
              }
            });
    assertThrows(IOException.class, () -> log.append(entry("lost")));
    full[0] = false;
    log.append(entry("next"));
    List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(2, lines.size());
    assertEquals("next", members(lines.get(1)).get("secret"));
  }

  @Test
  void aDirectoryOrALinkIsNoAuditLog() throws IOException {
    assertThrows(KeyServerConfigException.class, () -> AuditLog.open(Optional.of(directory)));
    Path target = Files.createFile(directory.resolve("target"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);
    assertThrows(KeyServerConfigException.class, () -> AuditLog.open(Optional.of(link)));
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
