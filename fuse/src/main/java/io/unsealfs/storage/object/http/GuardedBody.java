package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.apache.hc.core5.http.ClassicHttpResponse;

/** The body of one answer: not longer than allowed, its failures explained, never drained. */
final class GuardedBody extends InputStream {
  private final ClassicHttpResponse response;
  private final InputStream body;
  private final Exchange exchange;
  private final long bytesMax;
  private long total;
  private boolean atEnd;
  private boolean closed;

  GuardedBody(ClassicHttpResponse response, InputStream body, Exchange exchange, long bytesMax) {
    this.response = response;
    this.body = body;
    this.exchange = exchange;
    this.bytesMax = bytesMax;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] ciphertext, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, ciphertext.length);
    if (length == 0 || atEnd) {
      return atEnd ? -1 : 0;
    }
    int count;
    try {
      count = body.read(ciphertext, offset, length);
    } catch (IOException e) {
      throw exchange.explain(e);
    }
    if (count < 0) {
      atEnd = true;
      // not every SDK closes what it has read to the end
      exchange.close();
      return -1;
    }
    total += count;
    exchange.received(total);
    if (total > bytesMax) {
      throw new StoreProtocolException("an answer is larger than " + bytesMax + " bytes");
    }
    return count;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      // The client would read the rest of the body to keep the connection: cut it instead.
      if (!atEnd) {
        exchange.cut();
      }
      body.close();
      response.close();
    } catch (IOException e) {
      // nothing is left to be read
    } finally {
      exchange.close();
    }
  }
}
