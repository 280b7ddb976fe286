package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The body of one answer: not longer than allowed, its failures explained, never drained. */
final class GuardedBody extends AnswerBody {
  private static final int PIECE_BYTES = 64 << 10;

  private final InputStream body;
  private final Exchange exchange;
  private final long bytesMax;
  private final long keepNanos;
  private byte @Nullable [] scratch;
  private long total;
  private boolean atEnd;
  private boolean closed;

  GuardedBody(InputStream body, Exchange exchange, long bytesMax, long keepNanos) {
    this.body = body;
    this.exchange = exchange;
    this.bytesMax = bytesMax;
    this.keepNanos = keepNanos;
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
    try {
      return counted(body.read(ciphertext, offset, length));
    } catch (IOException e) {
      throw explained(e);
    }
  }

  @Override
  public int read(ByteBuffer ciphertext) throws IOException {
    if (atEnd) {
      return -1;
    }
    try {
      return counted(body instanceof PlainBody plain ? plain.read(ciphertext) : copied(ciphertext));
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private int copied(ByteBuffer ciphertext) throws IOException {
    if (ciphertext.hasArray()) {
      int start = ciphertext.arrayOffset() + ciphertext.position();
      int count = body.read(ciphertext.array(), start, ciphertext.remaining());
      ciphertext.position(ciphertext.position() + Math.max(0, count));
      return count;
    }
    byte[] piece = scratch;
    if (piece == null) {
      piece = new byte[PIECE_BYTES];
      scratch = piece;
    }
    int count = body.read(piece, 0, Math.min(piece.length, ciphertext.remaining()));
    if (count > 0) {
      ciphertext.put(piece, 0, count);
    }
    return count;
  }

  private int counted(int count) throws IOException {
    if (count < 0) {
      atEnd = true;
      // not every SDK closes what it has read to the end
      exchange.complete(keepNanos);
      return -1;
    }
    total += count;
    exchange.received(total);
    if (total > bytesMax) {
      throw new StoreProtocolException("an answer is larger than " + bytesMax + " bytes");
    }
    return count;
  }

  private IOException explained(IOException failure) {
    return failure instanceof StoreProtocolException ? failure : exchange.explain(failure);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    // what is left of the body is not read to keep the connection
    exchange.close();
  }
}
