package io.unsealfs.storage.object.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The body of an answer, which can also be read into memory outside of the heap. */
public abstract class AnswerBody extends InputStream {
  private static final AnswerBody EMPTY = new Empty();

  AnswerBody() {}

  /** One without a byte. */
  static AnswerBody empty() {
    return EMPTY;
  }

  /**
   * Reads what is there, at least a byte; waits for that.
   *
   * @param ciphertext has room for a byte; its position is behind those read afterwards
   * @return how many; -1 at the end
   */
  public abstract int read(ByteBuffer ciphertext) throws IOException;

  private static final class Empty extends AnswerBody {
    @Override
    public int read() {
      return -1;
    }

    @Override
    public int read(byte[] ciphertext, int offset, int length) {
      return length == 0 ? 0 : -1;
    }

    @Override
    public int read(ByteBuffer ciphertext) {
      return -1;
    }
  }
}
