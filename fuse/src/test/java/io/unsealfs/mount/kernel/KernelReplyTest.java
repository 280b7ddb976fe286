package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Whose arrays replies are made in, and what stays in them. */
class KernelReplyTest {
  private static final int MOST = 1 << 20;

  private final LargeReplies large = new LargeReplies(MOST);
  private final KernelReply one = new KernelReply(MOST, large);
  private final KernelReply other = new KernelReply(MOST, large);

  private static byte[] fill(KernelReply reply, int size) {
    ByteBuffer plaintext = reply.payload(size);
    assertEquals(size, plaintext.remaining());
    while (plaintext.hasRemaining()) {
      plaintext.put((byte) 7);
    }
    assertEquals(0, plaintext.arrayOffset());
    return plaintext.array();
  }

  @Test
  void largeRepliesOneAfterTheOtherShareOneArrayWhoeverMakesThem() {
    byte[] first = fill(one, MOST);
    one.release();
    assertSame(first, fill(other, 300_000));
    other.release();
    assertSame(first, fill(one, MOST));
  }

  @Test
  void largeRepliesAtATimeHaveAnArrayEach() {
    byte[] first = fill(one, MOST);
    byte[] second = fill(other, MOST);
    assertNotSame(first, second);
    one.release();
    other.release();
    // the one used last is the one that a core still has at hand
    assertSame(second, fill(one, MOST));
  }

  @Test
  void smallRepliesStayInTheirOwnArrayAlsoAfterALargeOne() {
    byte[] small = fill(one, 4096);
    byte[] big = fill(one, MOST);
    assertNotSame(small, big);
    one.release();
    assertSame(small, fill(one, 4096));
    assertNotSame(big, fill(one, 64 << 10));
  }

  @Test
  void noPlaintextIsLeftInAnyArrayWhenTheLastWorkerHasGone() {
    byte[] small = fill(one, 4096);
    byte[] idle = fill(one, MOST);
    one.release();
    byte[] inUse = fill(other, MOST);
    assertSame(idle, inUse);
    byte[] another = fill(one, MOST);
    one.wipe();
    assertEquals(0, count(small));
    assertEquals(0, count(another));
    assertEquals(MOST, count(inUse), "still being sent");
    other.release();
    assertEquals(0, count(inUse));
  }

  private static int count(byte[] plaintext) {
    int left = 0;
    for (byte b : plaintext) {
      left += b == 7 ? 1 : 0;
    }
    return left;
  }
}
