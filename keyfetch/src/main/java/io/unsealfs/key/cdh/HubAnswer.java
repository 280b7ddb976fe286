package io.unsealfs.key.cdh;

import io.unsealfs.key.KeyUnavailableException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;

/**
 * An HTTP answer (RFC 9112) in the buffer it was received into, so that the secret in it lies in
 * one place that can be wiped. Our own reader, since the JDK's client copies bodies through buffers
 * of a pool that nobody clears.
 */
public final class HubAnswer implements AutoCloseable {
  /** Largest body in bytes. */
  public static final int MAX_BODY = 64 << 10;

  /** Status line and headers; and lengths of chunks. */
  private static final int MAX_HEAD = 16 << 10;

  /** Size of a buffer that has room for every answer that is accepted. */
  static final int MAX_BYTES = MAX_HEAD + MAX_BODY + MAX_HEAD;

  private static final int UNTIL_THE_END = -1;
  private static final int CHUNKED = -2;

  private final ByteBuffer received;
  private final int status;
  private final ByteBuffer body;

  private HubAnswer(ByteBuffer received, int status, ByteBuffer body) {
    this.received = received;
    this.status = status;
    this.body = body;
  }

  /**
   * Reads what has come so far.
   *
   * @param received filled from 0 to its position; belongs to the answer if there is one
   * @param ended whether nothing more will come
   * @return empty if more has to come
   * @throws KeyUnavailableException if this is no HTTP answer, or not all of one
   * @throws OversizeAnswerException if the body is longer than {@link #MAX_BODY}
   */
  public static Optional<HubAnswer> of(ByteBuffer received, boolean ended)
      throws KeyUnavailableException, OversizeAnswerException {
    ByteBuffer bytes = received.duplicate().flip();
    int bodyStart = endOfHead(bytes);
    if (bodyStart < 0) {
      if (ended || bytes.limit() >= MAX_HEAD) {
        throw malformed("no end of its headers");
      }
      return Optional.empty();
    }
    int status = status(bytes);
    int length = status == 204 || status == 304 ? 0 : length(bytes, bodyStart);
    int end;
    if (length == CHUNKED) {
      end = endOfChunks(bytes, bodyStart);
    } else if (length == UNTIL_THE_END) {
      requireFits(bytes.limit() - bodyStart);
      end = ended ? bytes.limit() : -1;
    } else {
      requireFits(length);
      end = bytes.limit() - bodyStart >= length ? bodyStart + length : -1;
    }
    if (end < 0) {
      if (ended) {
        throw malformed("its body ends early");
      }
      return Optional.empty();
    }
    ByteBuffer body =
        length == CHUNKED ? joined(bytes, bodyStart) : bytes.slice(bodyStart, end - bodyStart);
    return Optional.of(new HubAnswer(received, status, body));
  }

  /** Status code. */
  public int status() {
    return status;
  }

  /** Length of the body in bytes. */
  public int size() {
    return body.remaining();
  }

  /** A copy of the body; the caller wipes it. */
  public byte[] body() {
    byte[] copy = new byte[body.remaining()];
    body.duplicate().get(copy);
    return copy;
  }

  /** The beginning of an error's text in one line, printable ASCII only. */
  String text(int mostChars) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < body.remaining() && text.length() < mostChars; i++) {
      char c = (char) (body.get(body.position() + i) & 0xff);
      text.append(c > ' ' && c < 0x7f ? c : ' ');
    }
    return text.toString().replaceAll(" +", " ").strip();
  }

  private static int endOfHead(ByteBuffer bytes) {
    int most = Math.min(bytes.limit(), MAX_HEAD);
    for (int i = 1; i < most; i++) {
      if (bytes.get(i) == '\n'
          && (bytes.get(i - 1) == '\n'
              || (i >= 2 && bytes.get(i - 1) == '\r' && bytes.get(i - 2) == '\n'))) {
        return i + 1;
      }
    }
    return -1;
  }

  private static int status(ByteBuffer bytes) throws KeyUnavailableException {
    String line = line(bytes, 0);
    if (!line.matches("HTTP/1\\.[01] [2-5][0-9][0-9]( .*)?")) {
      throw malformed("its first line is none of HTTP/1");
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  /** Bytes of the body, or how its end is told. */
  private static int length(ByteBuffer bytes, int bodyStart) throws KeyUnavailableException {
    int length = UNTIL_THE_END;
    boolean chunked = false;
    for (int at = next(bytes, 0); at < bodyStart; at = next(bytes, at)) {
      String line = line(bytes, at).toLowerCase(Locale.ROOT);
      int colon = line.indexOf(':');
      String name = colon < 0 ? line : line.substring(0, colon);
      String value = colon < 0 ? "" : line.substring(colon + 1).strip();
      if (name.equals("content-length")) {
        if (!value.matches("[0-9]{1,9}") || length != UNTIL_THE_END) {
          throw malformed("its content-length cannot be read");
        }
        length = Integer.parseInt(value);
      } else if (name.equals("transfer-encoding")) {
        if (!value.equals("chunked") || chunked) {
          throw malformed("its transfer encoding is not known here");
        }
        chunked = true;
      }
    }
    if (chunked && length != UNTIL_THE_END) {
      throw malformed("it tells its length in two ways");
    }
    return chunked ? CHUNKED : length;
  }

  /** Where the last chunk's trailer ends; -1 if more has to come. */
  private static int endOfChunks(ByteBuffer bytes, int start)
      throws KeyUnavailableException, OversizeAnswerException {
    int at = start;
    int total = 0;
    while (true) {
      int data = next(bytes, at);
      if (data < 0) {
        if (bytes.limit() - at > MAX_HEAD / 2) {
          throw malformed("a chunk has no length");
        }
        return -1;
      }
      int size = chunkSize(line(bytes, at));
      if (size == 0) {
        // trailer fields are passed over, up to the empty line
        for (int field = data; ; ) {
          int after = next(bytes, field);
          if (after < 0) {
            return -1;
          }
          if (line(bytes, field).isEmpty()) {
            return after;
          }
          field = after;
        }
      }
      total += size;
      requireFits(total);
      int end = data + size;
      if (end >= bytes.limit()) {
        return -1;
      }
      int after = next(bytes, end);
      if (after < 0) {
        return -1;
      }
      if (!line(bytes, end).isEmpty()) {
        throw malformed("a chunk is longer than it says");
      }
      at = after;
    }
  }

  private static int chunkSize(String line) throws KeyUnavailableException {
    int semicolon = line.indexOf(';');
    String digits = (semicolon < 0 ? line : line.substring(0, semicolon)).strip();
    if (!digits.matches("[0-9a-fA-F]{1,6}")) {
      throw malformed("a chunk has no length");
    }
    return Integer.parseInt(digits, 16);
  }

  /** Moves the chunks together; all of them have come. */
  private static ByteBuffer joined(ByteBuffer bytes, int start) throws KeyUnavailableException {
    int to = start;
    int at = start;
    while (true) {
      int data = next(bytes, at);
      int size = chunkSize(line(bytes, at));
      if (size == 0) {
        return bytes.slice(start, to - start);
      }
      for (int i = 0; i < size; i++) {
        bytes.put(to++, bytes.get(data + i));
      }
      at = next(bytes, data + size);
    }
  }

  /** The line at {@code at} without its end. Never one of a body. */
  private static String line(ByteBuffer bytes, int at) {
    StringBuilder line = new StringBuilder();
    for (int i = at; i < bytes.limit() && bytes.get(i) != '\n'; i++) {
      line.append((char) (bytes.get(i) & 0xff));
    }
    int last = line.length() - 1;
    return last >= 0 && line.charAt(last) == '\r' ? line.substring(0, last) : line.toString();
  }

  /** Where the line after the one at {@code at} begins; -1 if that has not ended yet. */
  private static int next(ByteBuffer bytes, int at) {
    for (int i = at; i < bytes.limit(); i++) {
      if (bytes.get(i) == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  private static void requireFits(int bytes) throws OversizeAnswerException {
    if (bytes > MAX_BODY) {
      throw new OversizeAnswerException();
    }
  }

  private static KeyUnavailableException malformed(String why) {
    return new KeyUnavailableException("what answers there does not speak HTTP as it must: " + why);
  }

  /** Wipes all that was received. */
  @Override
  public void close() {
    wipe(received);
  }

  /** Zeros everywhere. */
  static void wipe(ByteBuffer buffer) {
    buffer.clear();
    while (buffer.hasRemaining()) {
      buffer.put((byte) 0);
    }
  }
}
