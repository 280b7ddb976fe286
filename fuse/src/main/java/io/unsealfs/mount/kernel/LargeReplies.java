package io.unsealfs.mount.kernel;

import io.unsealfs.mount.kernel.KernelReply.Room;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Arrays for large replies, of which there are as many as replies that were made at a time and not
 * as many as workers: the kernel hands requests to waiting workers in turn, and each would fill an
 * array that no core has in its cache any more. The one given back last is taken first.
 * Thread-safe.
 */
final class LargeReplies {
  private final int mostPayload;
  private final Deque<Room> idle = new ArrayDeque<>(); // guarded by itself, as is closed
  private boolean closed;

  /**
   * None yet.
   *
   * @param mostPayload bytes of payload that each has room for
   */
  LargeReplies(int mostPayload) {
    this.mostPayload = mostPayload;
  }

  /** One of undefined content, the caller's until he gives it back. */
  Room take() {
    synchronized (idle) {
      Room last = idle.poll();
      if (last != null) {
        return last;
      }
    }
    return new Room(KernelReply.HEADER_SIZE + mostPayload);
  }

  /** Takes one back. */
  void give(Room plaintext) {
    synchronized (idle) {
      if (!closed) {
        idle.push(plaintext);
        return;
      }
    }
    plaintext.wipe();
  }

  /** Overwrites the plaintext of the last replies; what is given back later too. Idempotent. */
  void close() {
    Deque<Room> left;
    synchronized (idle) {
      closed = true;
      left = new ArrayDeque<>(idle);
      idle.clear();
    }
    left.forEach(Room::wipe);
  }
}
