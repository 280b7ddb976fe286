package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.policy.Requester;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One JSON line per request: who, what, verdict, reason; for a refusal also what was expected,
 * which the caller is not told. Never a secret. Each line names the hash of the one before it, see
 * {@link AuditLine}. Thread-safe.
 *
 * <p>A line is handed to the kernel whole before the request is answered, and no secret leaves
 * without its line. It is not forced to the disk: a flood of requests would then be a flood of disk
 * flushes, and what a power cut loses are the last moments only. {@link #reopen} lets the file be
 * rotated.
 *
 * <p>A line that a crash or a full disk cut off stays where it is. The next one says that it was
 * found and names its hash, so that it cannot be changed or removed later either.
 */
final class AuditLog implements AutoCloseable {
  private static final Logger LOG = System.getLogger(AuditLog.class.getName());
  private static final int MAX_VALUE_CHARS = 512;
  private static final int MAX_FAILED_CHECKS = 32;
  private static final int LINES_PER_ANCHOR = 10_000;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final Optional<Path> path;
  private final Clock clock;
  // all guarded by this
  private Optional<AuditFile> file;
  private WritableByteChannel channel;
  private long sequence;
  private String hash;
  private String lastWhole;
  private final List<String> broken;
  private byte[] half;

  /**
   * What one line says. Values come from the network; they are cut and escaped here.
   *
   * @param peer address and port of the caller
   * @param requester what else the caller proved to be
   * @param secretName what it asked for
   * @param evidenceType what it showed
   * @param measurement what the evidence says, if it was genuine
   * @param verdict {@code released}, {@code refused} or {@code failed}
   * @param reason why, in the word the caller was told
   * @param detail why, for the operator
   * @param failedChecks what the appraisal found wrong
   */
  record Entry(
      Instant time,
      String peer,
      Requester requester,
      String secretName,
      String evidenceType,
      Optional<Claims> measurement,
      String verdict,
      String reason,
      String detail,
      List<FailedCheck> failedChecks) {

    /** A line about somebody of whom nothing is known but the address. */
    Entry(
        Instant time,
        String peer,
        String secretName,
        String evidenceType,
        String verdict,
        String reason,
        String detail,
        List<FailedCheck> failedChecks) {
      this(
          time,
          peer,
          Requester.UNKNOWN,
          secretName,
          evidenceType,
          Optional.empty(),
          verdict,
          reason,
          detail,
          failedChecks);
    }
  }

  /** Writes the members of a line after those that chain it. */
  @FunctionalInterface
  private interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  private AuditLog(
      Optional<Path> path,
      Optional<AuditFile> file,
      WritableByteChannel channel,
      AuditTail tail,
      Clock clock) {
    this.path = path;
    this.file = file;
    this.channel = channel;
    this.clock = clock;
    this.sequence = tail.sequence();
    this.hash = tail.hash();
    this.lastWhole = tail.lastWhole();
    this.broken = new ArrayList<>(tail.broken());
    this.half = tail.half();
  }

  /**
   * Opens the log and writes a line that says so.
   *
   * @param path where to append; standard error if empty
   * @throws KeyServerConfigException if it cannot be opened
   * @throws IOException if that line cannot be written
   */
  static AuditLog open(Optional<Path> path, Clock clock) throws IOException {
    if (path.isEmpty()) {
      // not System.err: a line must reach the kernel in one write, undecoded
      return to(new FileOutputStream(FileDescriptor.err).getChannel(), clock);
    }
    AuditFile file = AuditFile.open(path.get());
    AuditLog log = new AuditLog(path, Optional.of(file), file.channel(), file.tail(), clock);
    try {
      boolean isNew = file.tail().fileSizeBytes() == 0;
      log.note(isNew ? AuditLine.BEGIN : AuditLine.STARTED);
      log.logAnchor();
    } catch (IOException e) {
      log.close();
      throw e;
    }
    return log;
  }

  /** A log into {@code channel}, which is not closed. */
  static AuditLog to(WritableByteChannel channel, Clock clock) throws IOException {
    AuditLog log =
        new AuditLog(Optional.empty(), Optional.empty(), channel, AuditTail.nothing(), clock);
    log.note(AuditLine.BEGIN);
    return log;
  }

  /**
   * Appends a line.
   *
   * @throws IOException if it could not be written whole
   */
  synchronized void append(Entry entry) throws IOException {
    mend();
    put(json -> members(entry, json));
    if (sequence % LINES_PER_ANCHOR == 0) {
      logAnchor();
    }
  }

  /** How many lines the chain has so far. */
  synchronized long lines() {
    return sequence;
  }

  /** Hash of the last line: whoever knows it notices when the end of the log is cut off. */
  synchronized String anchor() {
    return hash;
  }

  /**
   * Goes on in a fresh file of the same name, after the old one was renamed; nothing happens if it
   * was not.
   *
   * @throws KeyServerConfigException if it cannot be opened or holds other lines; the old one is
   *     kept
   */
  synchronized void reopen() throws IOException {
    if (file.isEmpty() || file.get().isStillAt(path.orElseThrow())) {
      return;
    }
    mend();
    AuditFile fresh = AuditFile.open(path.orElseThrow());
    if (fresh.tail().fileSizeBytes() != 0) {
      fresh.channel().close();
      throw new KeyServerConfigException(
          "audit log " + path.get() + ": holds lines of another chain; the old file is kept");
    }
    logAnchor();
    WritableByteChannel old = channel;
    file = Optional.of(fresh);
    channel = fresh.channel();
    try {
      old.close();
    } finally {
      note(AuditLine.ROTATED);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    logAnchor();
    if (file.isPresent()) {
      channel.close();
    }
  }

  private synchronized void logAnchor() {
    LOG.log(Level.INFO, "audit log: line {0} has the hash {1}", Long.toString(sequence), hash);
  }

  private synchronized void note(String event) throws IOException {
    mend();
    String now = clock.instant().toString();
    put(json -> {
      json.writeStringField("time", now);
      json.writeStringField(AuditLine.EVENT, event);
    });
  }

  /** Ends a line that was cut off, and says so. */
  private void mend() throws IOException {
    if (half.length > 0) {
      // by itself: a single byte is written or not
      write(ByteBuffer.wrap(new byte[] {'\n'}));
      if (broken.isEmpty()) {
        lastWhole = hash;
      }
      hash = AuditLine.hash(half);
      sequence++;
      broken.add(hash);
      half = new byte[0];
    }
    if (broken.isEmpty()) {
      return;
    }
    if (broken.size() > AuditLine.MAX_BROKEN) {
      throw new IOException("too many lines in a row could not be written; move the file away");
    }
    String now = clock.instant().toString();
    put(json -> {
      json.writeStringField("time", now);
      json.writeStringField(AuditLine.EVENT, AuditLine.RECOVERED);
      json.writeStringField(AuditLine.AFTER, lastWhole);
      json.writeArrayFieldStart(AuditLine.BROKEN);
      for (String one : broken) {
        json.writeString(one);
      }
      json.writeEndArray();
    });
    LOG.log(Level.WARNING, "audit log: found {0} unfinished lines, and says so", broken.size());
    broken.clear();
  }

  private void put(Members members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeNumberField(AuditLine.SEQUENCE, sequence + 1);
      json.writeStringField(AuditLine.PREVIOUS, hash);
      members.write(json);
      json.writeEndObject();
    }
    byte[] line = bytes.toByteArray();
    ByteBuffer ended = ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
    try {
      write(ended);
    } catch (IOException e) {
      half = Arrays.copyOf(line, Math.min(ended.position(), line.length));
      throw e;
    }
    sequence++;
    hash = AuditLine.hash(line);
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void members(Entry entry, JsonGenerator json) throws IOException {
    json.writeStringField("time", entry.time().toString());
    json.writeStringField("peer", cut(entry.peer()));
    if (!entry.requester().equals(Requester.UNKNOWN)) {
      json.writeObjectFieldStart("requester");
      writeIfPresent(json, "certificate_sha256", entry.requester().certificateSha256());
      writeIfPresent(json, "pre_shared_key", entry.requester().preSharedKey());
      json.writeEndObject();
    }
    json.writeStringField("secret", cut(entry.secretName()));
    json.writeStringField("evidence", cut(entry.evidenceType()));
    json.writeStringField("verdict", entry.verdict());
    json.writeStringField("reason", entry.reason());
    json.writeStringField("detail", cut(entry.detail()));
    if (entry.measurement().isPresent()) {
      AuditMeasurement.write(entry.measurement().get(), json);
    }
    if (!entry.failedChecks().isEmpty()) {
      json.writeArrayFieldStart("failed_checks");
      for (FailedCheck check : entry.failedChecks().stream().limit(MAX_FAILED_CHECKS).toList()) {
        json.writeStartObject();
        json.writeStringField("name", check.name());
        json.writeStringField("expected", cut(check.expected()));
        json.writeStringField("actual", cut(check.actual()));
        json.writeEndObject();
      }
      json.writeEndArray();
    }
  }

  private static void writeIfPresent(JsonGenerator json, String member, Optional<String> value)
      throws IOException {
    if (value.isPresent()) {
      json.writeStringField(member, cut(value.get()));
    }
  }

  private static String cut(String value) {
    if (value.length() <= MAX_VALUE_CHARS) {
      return value;
    }
    // not between the halves of a surrogate pair, which could not be written
    int end =
        Character.isHighSurrogate(value.charAt(MAX_VALUE_CHARS - 1))
            ? MAX_VALUE_CHARS - 1
            : MAX_VALUE_CHARS;
    return value.substring(0, end) + "...";
  }
}
