package io.unsealfs.keyserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.unsealfs.verify.FailedCheck;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One JSON line per request: who, what, verdict, reason; for a refusal also what was expected,
 * which the caller is not told. Never a secret. Thread-safe.
 *
 * <p>A line is handed to the kernel whole before the request is answered, and no secret leaves
 * without its line. It is not forced to the disk: a flood of requests would then be a flood of disk
 * flushes, and what a power cut loses are the last moments only. {@link #reopen} lets the file be
 * rotated.
 */
final class AuditLog implements AutoCloseable {
  private static final int MAX_VALUE_CHARS = 512;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final Optional<Path> file;
  private OutputStream out;
  private boolean lineIsBroken;

  /**
   * What one line says. Values come from the network; they are cut and escaped here.
   *
   * @param peer address and port of the caller
   * @param secretName what it asked for
   * @param evidenceType what it showed
   * @param verdict {@code released}, {@code refused} or {@code failed}
   * @param reason why, in the word the caller was told
   * @param detail why, for the operator
   * @param failedChecks what the appraisal found wrong
   */
  record Entry(
      Instant time,
      String peer,
      String secretName,
      String evidenceType,
      String verdict,
      String reason,
      String detail,
      List<FailedCheck> failedChecks) {}

  private AuditLog(Optional<Path> file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Opens the log.
   *
   * @param file where to append; standard error if empty
   * @throws KeyServerConfigException if it cannot be opened
   */
  static AuditLog open(Optional<Path> file) throws KeyServerConfigException {
    return new AuditLog(file, stream(file));
  }

  /** A log into a stream, which is not closed. */
  static AuditLog to(OutputStream out) {
    return new AuditLog(Optional.empty(), out);
  }

  /**
   * Appends a line.
   *
   * @throws IOException if it could not be written whole
   */
  void append(Entry entry) throws IOException {
    byte[] line = line(entry);
    synchronized (this) {
      if (lineIsBroken) {
        out.write('\n');
        lineIsBroken = false;
      }
      lineIsBroken = true;
      out.write(line);
      out.flush();
      lineIsBroken = false;
    }
  }

  /**
   * Goes on in a fresh file of the same name, after the old one was renamed.
   *
   * @throws KeyServerConfigException if it cannot be opened; the old one is kept
   */
  void reopen() throws KeyServerConfigException {
    if (file.isEmpty()) {
      return;
    }
    OutputStream fresh = stream(file);
    OutputStream old;
    synchronized (this) {
      old = out;
      out = fresh;
      lineIsBroken = false;
    }
    try {
      old.close();
    } catch (IOException e) {
      throw new KeyServerConfigException("audit log " + file.get() + ": closing failed", e);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (file.isPresent()) {
      out.close();
    }
  }

  private static OutputStream stream(Optional<Path> file) throws KeyServerConfigException {
    if (file.isEmpty()) {
      // not System.err: a line must reach the kernel in one write, undecoded
      return new FileOutputStream(FileDescriptor.err);
    }
    Path path = file.get();
    try {
      if (Files.exists(path) && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new KeyServerConfigException("audit log " + path + ": not a regular file");
      }
      return Channels.newOutputStream(
          FileChannel.open(
              path,
              Set.of(
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.APPEND,
                  LinkOption.NOFOLLOW_LINKS),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException e) {
      throw new KeyServerConfigException(
          "audit log " + path + ": cannot be opened for appending; see that its directory exists",
          e);
    }
  }

  private static byte[] line(Entry entry) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("time", entry.time().toString());
      json.writeStringField("peer", cut(entry.peer()));
      json.writeStringField("secret", cut(entry.secretName()));
      json.writeStringField("evidence", cut(entry.evidenceType()));
      json.writeStringField("verdict", entry.verdict());
      json.writeStringField("reason", entry.reason());
      json.writeStringField("detail", cut(entry.detail()));
      if (!entry.failedChecks().isEmpty()) {
        json.writeArrayFieldStart("failed_checks");
        for (FailedCheck check : entry.failedChecks()) {
          json.writeStartObject();
          json.writeStringField("name", check.name());
          json.writeStringField("expected", cut(check.expected()));
          json.writeStringField("actual", cut(check.actual()));
          json.writeEndObject();
        }
        json.writeEndArray();
      }
      json.writeEndObject();
      json.writeRaw('\n');
    }
    return bytes.toByteArray();
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
