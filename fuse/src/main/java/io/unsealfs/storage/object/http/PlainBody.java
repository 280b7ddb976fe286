package io.unsealfs.storage.object.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.io.SessionInputBuffer;

/**
 * A body of known length that comes unencrypted: read from the socket straight to where it is
 * wanted, behind what came along with the header.
 */
final class PlainBody extends InputStream {
  private static final int ARRAY_PIECE_BYTES = 64 << 10;

  private final SessionInputBuffer begin;
  private final InputStream socketStream;
  private final ReadableByteChannel socket;
  private long left;

  /**
   * A body that begins now.
   *
   * @param begin what was received already and not looked at
   * @param socketStream where that one reads from; not asked here
   */
  PlainBody(
      SessionInputBuffer begin, InputStream socketStream, ReadableByteChannel socket, long length) {
    this.begin = begin;
    this.socketStream = socketStream;
    this.socket = socket;
    this.left = length;
  }

  /** As {@link AnswerBody#read(ByteBuffer)}. */
  int read(ByteBuffer ciphertext) throws IOException {
    if (left == 0) {
      return -1;
    }
    int wanted = (int) Math.min(left, ciphertext.remaining());
    int received = Math.min(wanted, begin.length());
    int count;
    if (received > 0) {
      byte[] first = new byte[received];
      count = begin.read(first, 0, received, socketStream);
      ciphertext.put(first, 0, count);
    } else {
      int limit = ciphertext.limit();
      // on the way to an array the system takes as much memory again
      int most = ciphertext.isDirect() ? wanted : Math.min(wanted, ARRAY_PIECE_BYTES);
      ciphertext.limit(ciphertext.position() + most);
      try {
        count = socket.read(ciphertext);
      } finally {
        ciphertext.limit(limit);
      }
    }
    if (count <= 0) {
      throw new ConnectionClosedException("%d bytes too early", left);
    }
    left -= count;
    return count;
  }

  @Override
  public int read(byte[] ciphertext, int offset, int length) throws IOException {
    return length == 0 ? 0 : read(ByteBuffer.wrap(ciphertext, offset, length));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }
}
