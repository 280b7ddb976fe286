package io.unsealfs.storage.object.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.HttpHost;

/**
 * A connection that leads nowhere: each ranged GET is answered at once as a store would, with
 * whatever is in the memory that it is read into.
 */
final class RehearsedConnection extends Connection {
  private final long objectBytes;
  private final String etag;

  /**
   * A connection to an object that there is not.
   *
   * @param objectBytes the size it says the object has
   */
  RehearsedConnection(HttpHost host, long objectBytes, String etag) {
    super(host, Trusted::context);
    this.objectBytes = objectBytes;
    this.etag = etag;
  }

  @Override
  void reach(int millis) throws IOException {
    Line line = new Line();
    bind(line, line.body);
  }

  /** Both ends. What is written is a question; a header is read after it, and then the body. */
  private final class Line extends Socket {
    private static final Pattern RANGE = Pattern.compile("Range: bytes=([0-9]+)-([0-9]+)");

    private final ByteArrayOutputStream question = new ByteArrayOutputStream();
    private InputStream header = InputStream.nullInputStream();
    private final ReadableByteChannel body = new Body();

    private final class Header extends InputStream {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        if (question.size() > 0) {
          header = new ByteArrayInputStream(answer());
          question.reset();
        }
        return header.read(into, offset, length);
      }
    }

    private byte[] answer() throws IOException {
      Matcher range = RANGE.matcher(question.toString(StandardCharsets.US_ASCII));
      if (!range.find()) {
        throw new IOException("only ranges are rehearsed");
      }
      long from = Long.parseLong(range.group(1));
      long to = Long.parseLong(range.group(2));
      return """
      HTTP/1.1 206 Partial Content\r
      Date: Thu, 01 Jan 2026 00:00:00 GMT\r
      Server: none\r
      x-amz-request-id: 0000000000000000\r
      Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r
      ETag: "%s"\r
      Accept-Ranges: bytes\r
      Content-Range: bytes %d-%d/%d\r
      Content-Type: application/octet-stream\r
      Content-Length: %d\r
      \r
      """
          .formatted(etag, from, to, objectBytes, to - from + 1)
          .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public InputStream getInputStream() {
      return new Header();
    }

    @Override
    public OutputStream getOutputStream() {
      return question;
    }

    @Override
    public void setSoTimeout(int millis) {}

    @Override
    public void setSoLinger(boolean on, int seconds) {}

    @Override
    public void close() {}
  }

  private static final class Body implements ReadableByteChannel {
    /** What a socket gives at a time. */
    private static final int PIECE_BYTES = 128 << 10;

    @Override
    public int read(ByteBuffer ciphertext) {
      int count = Math.min(PIECE_BYTES, ciphertext.remaining());
      ciphertext.position(ciphertext.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
