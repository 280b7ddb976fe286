package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reader of the audit log can find out about it. */
class AuditChainTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  @TempDir Path directory = Path.of("");

  private Path file() {
    return directory.resolve("audit.jsonl");
  }

  private AuditLog open() throws IOException {
    return AuditLog.open(Optional.of(file()), CLOCK);
  }

  private static AuditLog.Entry entry(String secret) {
    return new AuditLog.Entry(
        Instant.EPOCH, "192.0.2.1:1", secret, "tdx", "released", "RELEASED", "", List.of());
  }

  /** A log of {@code begin} and so many entries. */
  private String write(int entries) throws IOException {
    try (AuditLog log = open()) {
      for (int i = 0; i < entries; i++) {
        log.append(entry("secret-" + i));
      }
      return log.anchor();
    }
  }

  private static AuditVerifier.Head verify(Path... files) throws IOException {
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
    for (Path file : files) {
      verifier.read(file);
    }
    return verifier.finish(Optional.empty());
  }

  private static String brokenBy(Path... files) {
    return String.valueOf(
        assertThrows(AuditChainException.class, () -> verify(files)).getMessage());
  }

  private void rewrite(List<String> lines) throws IOException {
    Files.writeString(file(), String.join("\n", lines) + "\n");
  }

  @Test
  void anUntouchedLogHoldsAcrossRestarts() throws IOException {
    write(3);
    String anchor = write(2);
    assertEquals(new AuditVerifier.Head(7, 7, anchor), verify(file()));
  }

  @Test
  void everyChangedByteIsFoundButThoseOfTheLastLine() throws IOException {
    write(3);
    byte[] good = Files.readAllBytes(file());
    int lastLine = new String(good, StandardCharsets.US_ASCII).lastIndexOf('\n', good.length - 2);
    for (int i = 0; i <= lastLine; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(file(), bad);
      brokenBy(file());
    }
    String anchor = AuditLine.hash(Arrays.copyOfRange(good, lastLine + 1, good.length - 1));
    for (int i = lastLine + 1; i < good.length - 1; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(file(), bad);
      AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of(anchor));
      assertThrows(
          AuditChainException.class,
          () -> {
            verifier.read(file());
            verifier.finish(Optional.of(anchor));
          });
    }
  }

  @Test
  void droppedRepeatedAndMovedLinesAreFoundWhereTheyAre() throws IOException {
    write(6);
    List<String> good = Files.readAllLines(file());
    for (int i = 1; i < good.size() - 1; i++) {
      List<String> dropped = new ArrayList<>(good);
      dropped.remove(i);
      rewrite(dropped);
      assertTrue(brokenBy(file()).contains("line " + (i + 1) + " has the number " + (i + 2)));
      List<String> repeated = new ArrayList<>(good);
      repeated.add(i, good.get(i));
      rewrite(repeated);
      assertTrue(brokenBy(file()).contains("line " + (i + 2) + " "));
      List<String> moved = new ArrayList<>(good);
      Collections.swap(moved, i, i + 1);
      rewrite(moved);
      assertTrue(brokenBy(file()).contains("line " + (i + 1) + " "));
    }
  }

  @Test
  void linesCutFromTheEndShowToWhoKnowsAHashOfThem() throws IOException {
    String anchor = write(6);
    List<String> good = Files.readAllLines(file());
    rewrite(good.subList(0, 4));
    assertEquals(4, verify(file()).lines(), "nothing in the file itself can tell");
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of(anchor));
    verifier.read(file());
    String message =
        String.valueOf(
            assertThrows(AuditChainException.class, () -> verifier.finish(Optional.empty()))
                .getMessage());
    assertTrue(message.contains("missing at the end"), message);
    rewrite(good);
    AuditVerifier earlier =
        new AuditVerifier(
            Optional.empty(), Set.of(AuditLine.hash(good.get(3).getBytes(StandardCharsets.UTF_8))));
    earlier.read(file());
    assertEquals(7, earlier.finish(Optional.of(anchor)).lines());
    assertThrows(AuditChainException.class, () -> earlier.finish(Optional.of(AuditLine.NOTHING)));
  }

  @Test
  void aLogCutWithinALineIsFound() throws IOException {
    write(3);
    byte[] good = Files.readAllBytes(file());
    for (int length = 0; length < good.length; length++) {
      Files.write(file(), Arrays.copyOf(good, length));
      if (length == 0 || good[length - 1] != '\n') {
        brokenBy(file());
      }
    }
  }

  @Test
  void aChainBegunAnewIsFound() throws IOException {
    write(3);
    Path old = directory.resolve("old");
    Files.move(file(), old);
    write(3);
    assertTrue(brokenBy(old, file()).contains("new chain"));
    assertEquals(4, verify(file()).lines());
    String good = Files.readString(old);
    Files.writeString(old, good.substring(good.indexOf('\n') + 1));
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
    verifier.read(old);
    verifier.finish(Optional.empty());
    assertTrue(verifier.notes().getFirst().contains("continues an older file"));
  }

  @Test
  void rotationCarriesTheChainIntoTheNextFile() throws IOException {
    Path old = directory.resolve("audit.jsonl.1");
    String first;
    try (AuditLog log = open()) {
      log.append(entry("one"));
      log.reopen();
      assertEquals(2, log.lines(), "the file was not renamed, so nothing is said");
      Files.move(file(), old);
      log.append(entry("two"));
      first = log.anchor();
      log.reopen();
      log.append(entry("three"));
    }
    assertEquals(3, verify(old).lines());
    assertEquals(5, verify(old, file()).lines());
    assertTrue(Files.readAllLines(file()).getFirst().contains("\"prev\":\"" + first + "\""));
    AuditVerifier alone = new AuditVerifier(Optional.of(first), Set.of());
    alone.read(file());
    assertEquals(5, alone.finish(Optional.empty()).sequence());
    AuditVerifier foreign = new AuditVerifier(Optional.of("11".repeat(32)), Set.of());
    assertThrows(AuditChainException.class, () -> foreign.read(file()));
    assertTrue(brokenBy(file(), old).contains("begins a new chain"));
    Files.writeString(old, Files.readString(old).lines().findFirst().orElseThrow() + "\n");
    assertTrue(brokenBy(old, file()).contains("after 1"), "the old file was cut");
  }

  @Test
  void aHalfLineIsFoundContinuedFromAndCannotBeRemoved() throws IOException {
    write(3);
    byte[] good = Files.readAllBytes(file());
    int lastLine = new String(good, StandardCharsets.US_ASCII).lastIndexOf('\n', good.length - 2);
    for (int length = lastLine + 2; length < good.length; length++) {
      Files.write(file(), Arrays.copyOf(good, length));
      write(1);
      AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
      verifier.read(file());
      assertEquals(7, verifier.finish(Optional.empty()).lines());
      assertTrue(verifier.notes().getFirst().contains("line 5: 1 unfinished line before it"));
      List<String> lines = Files.readAllLines(file());
      lines.remove(3);
      rewrite(lines);
      brokenBy(file());
    }
  }

  @Test
  void twoCrashesInARowAreToldTogether() throws IOException {
    write(2);
    append("{\"seq\":4,\"pr");
    append("\n{\"seq\":5,\"prev\":");
    write(1);
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
    verifier.read(file());
    verifier.finish(Optional.empty());
    assertTrue(verifier.notes().getFirst().contains("2 unfinished lines"));
    String good = Files.readString(file());
    Files.writeString(file(), good.replace("{\"seq\":4,\"pr\n", "{\"seq\":4,\"px\n"));
    brokenBy(file());
    Files.writeString(file(), good.replace("secret-1", "secret-9"));
    brokenBy(file());
    Files.writeString(file(), good.replace("{\"seq\":4,\"pr\n", "{\"seq\":4,\"pr\nmore\n"));
    brokenBy(file());
  }

  @Test
  void linesThatNobodyOwnsUpToAreFound() throws IOException {
    write(2);
    List<String> lines = Files.readAllLines(file());
    lines.add(2, "not a line");
    rewrite(lines);
    assertTrue(brokenBy(file()).contains("line 3"));
    lines.remove(2);
    lines.add("at the end");
    rewrite(lines);
    assertTrue(brokenBy(file()).contains("line 4"));
  }

  private void append(String text) throws IOException {
    Files.writeString(file(), text, StandardOpenOption.APPEND);
  }

  @Test
  void aFileOfSomebodyElseIsNotContinued() throws IOException {
    Files.writeString(file(), "something else\n");
    assertThrows(KeyServerConfigException.class, this::open);
    Files.writeString(file(), "x".repeat(3 << 20));
    assertThrows(KeyServerConfigException.class, this::open);
    assertEquals(3 << 20, Files.size(file()));
  }

  @Test
  void twoServersDoNotShareAFile() throws IOException {
    try (AuditLog log = open()) {
      assertThrows(KeyServerConfigException.class, this::open);
      log.append(entry("mine"));
    }
    write(1);
    assertEquals(4, verify(file()).lines());
  }

  @Test
  void rotationIntoAFileWithOtherLinesKeepsTheOldOne() throws IOException {
    try (AuditLog log = open()) {
      Path old = directory.resolve("old");
      Files.move(file(), old);
      Files.copy(old, file());
      assertThrows(KeyServerConfigException.class, log::reopen);
      log.append(entry("kept"));
      assertEquals(2, verify(old).lines());
    }
  }

  @Test
  void anEmptyOrMissingLogIsNoGoodLog() throws IOException {
    Files.createFile(file());
    assertTrue(brokenBy(file()).contains("no line"));
    assertThrows(IOException.class, () -> verify(directory.resolve("missing")));
  }
}
