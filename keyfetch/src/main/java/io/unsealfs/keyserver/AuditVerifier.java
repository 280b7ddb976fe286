package io.unsealfs.keyserver;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads audit files in the order they were written and follows their chain. A line that was
 * changed, dropped, repeated or moved breaks it; that lines are missing at the very end shows only
 * to who knows a hash of one of them.
 */
public final class AuditVerifier {
  private static final String UNKNOWN = "";

  private final Set<String> awaited;
  private final List<String> notes = new ArrayList<>();
  // of the last lines, the newest last; before the first line of all what that one must follow
  private final ArrayDeque<String> hashes = new ArrayDeque<>();
  private Optional<String> unfinished = Optional.empty();
  private int unfinishedLines;
  private long lines;
  private long sequence = -1;

  /**
   * What was read.
   *
   * @param lines how many
   * @param sequence number of the last one
   * @param hash of the last one
   */
  public record Head(long lines, long sequence, String hash) {}

  /**
   * A verifier.
   *
   * @param after hash of the line before the first one; not looked at if empty
   * @param expected hashes that have to come up
   */
  public AuditVerifier(Optional<String> after, Set<String> expected) {
    this.awaited = new HashSet<>(expected);
    hashes.add(after.orElse(UNKNOWN));
  }

  /**
   * Reads the next file.
   *
   * @throws AuditChainException at the first line that does not fit
   * @throws IOException if it cannot be read
   */
  public void read(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      read(in, file.toString());
    }
  }

  /**
   * Reads what the next file holds.
   *
   * @param source where it comes from, for messages
   * @throws AuditChainException at the first line that does not fit
   * @throws IOException if it cannot be read
   */
  public void read(InputStream in, String source) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long number = 1;
    int b;
    while ((b = in.read()) >= 0) {
      if (b != '\n') {
        line.write(b);
        if (line.size() > AuditLine.MAX_BYTES) {
          throw broken(place(source, number), "is longer than any line the server writes");
        }
        continue;
      }
      take(line.toByteArray(), place(source, number));
      line.reset();
      number++;
    }
    if (line.size() > 0) {
      throw broken(
          place(source, number), "is not finished: the log was cut, or the server ended within it");
    }
  }

  /**
   * Ends the reading.
   *
   * @param expectedLast hash that the last line has to have; any if empty
   * @throws AuditChainException if there was nothing, or an expected line did not come up
   */
  public Head finish(Optional<String> expectedLast) throws AuditChainException {
    if (unfinished.isPresent()) {
      throw new AuditChainException(unfinished.get());
    }
    if (lines == 0) {
      throw new AuditChainException("audit log: there is no line in it");
    }
    Iterator<String> missing = awaited.iterator();
    if (missing.hasNext()) {
      throw new AuditChainException(
          "audit log: no line has the hash " + missing.next() + ": lines are missing at the end");
    }
    if (expectedLast.isPresent() && !expectedLast.get().equals(hashes.getLast())) {
      throw new AuditChainException(
          "audit log: the last line has the hash %s: lines follow the one expected last"
              .formatted(hashes.getLast()));
    }
    return new Head(lines, sequence, hashes.getLast());
  }

  /** What an auditor should know of a chain that holds; one line each. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private void take(byte[] bytes, String place) throws AuditChainException {
    Optional<AuditLine> parsed = AuditLine.parse(bytes);
    lines++;
    if (parsed.isEmpty()) {
      if (unfinished.isEmpty()) {
        unfinished =
            Optional.of(
                place + " is no whole audit line, and none after it says that it was found");
      }
      unfinishedLines++;
      sequence = sequence < 0 ? sequence : sequence + 1;
    } else {
      AuditLine line = parsed.get();
      boolean recovers = line.event().equals(Optional.of(AuditLine.RECOVERED));
      if (unfinished.isPresent() && !recovers) {
        throw new AuditChainException(unfinished.get());
      }
      if (recovers) {
        recover(line, place);
      } else {
        follow(line, place);
      }
      sequence = line.sequence();
    }
    String hash = AuditLine.hash(bytes);
    awaited.remove(hash);
    hashes.add(hash);
    if (hashes.size() > AuditLine.MAX_BROKEN + 1) {
      hashes.remove();
    }
  }

  private void follow(AuditLine line, String place) throws AuditChainException {
    boolean first = lines == 1;
    boolean begins = line.sequence() == 1;
    if (begins != line.event().equals(Optional.of(AuditLine.BEGIN))
        || (begins && !line.previous().equals(AuditLine.NOTHING))) {
      throw broken(place, "is no first line of a chain, although it has the number of one");
    }
    if (begins && !first) {
      throw broken(
          place,
          "begins a new chain: what came before was removed, or moved away while no server ran");
    }
    if (first && !begins) {
      notes.add(
          place + " continues an older file, whose last line has the hash " + line.previous());
    }
    checkNumber(line, place);
    if (!matches(hashes.getLast(), line.previous())) {
      throw broken(
          place,
          first
              ? "does not follow the line expected before it"
              : "does not follow the line before it: that one was changed, or this one put there");
    }
  }

  private void recover(AuditLine line, String place) throws AuditChainException {
    int count = line.broken().size();
    List<String> last = List.copyOf(hashes);
    if (count == 0
        || count < unfinishedLines
        || count >= last.size()
        || !last.subList(last.size() - count, last.size()).equals(line.broken())
        || !line.previous().equals(last.getLast())
        || !matches(last.get(last.size() - count - 1), line.after().orElse(UNKNOWN))) {
      throw broken(place, "tells of unfinished lines that are not those before it");
    }
    checkNumber(line, place);
    notes.add(
        "%s: %d unfinished %s before it, left by a crash or a full disk"
            .formatted(place, count, count == 1 ? "line" : "lines"));
    unfinished = Optional.empty();
    unfinishedLines = 0;
  }

  private void checkNumber(AuditLine line, String place) throws AuditChainException {
    if (sequence >= 0 && line.sequence() != sequence + 1) {
      throw broken(
          place,
          "has the number %d after %d: lines were dropped, repeated or moved"
              .formatted(line.sequence(), sequence));
    }
  }

  private static boolean matches(String known, String named) {
    return known.equals(UNKNOWN) || known.equals(named);
  }

  private static String place(String source, long number) {
    return "audit log " + source + ": line " + number;
  }

  private static AuditChainException broken(String place, String how) {
    return new AuditChainException(place + " " + how);
  }
}
