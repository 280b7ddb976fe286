package io.unsealfs.mount.kernel;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One reply: {@code struct fuse_out_header} and its payload in one heap array, so that plaintext is
 * decrypted where the kernel copies it from. Belongs to one worker; grows to the largest reply it
 * was asked for and stays so.
 */
final class KernelReply {
  /** {@code struct fuse_out_header}. */
  static final int HEADER_SIZE = 16;

  private static final int FIRST_ROOM = 8 << 10;

  private final int mostPayload;
  private byte[] bytes = new byte[HEADER_SIZE + FIRST_ROOM];
  private ByteBuffer buffer = view(bytes);
  private long[] counted = new long[16];
  private int countedNodes;

  /**
   * An empty reply.
   *
   * @param mostPayload bytes that no reply exceeds
   */
  KernelReply(int mostPayload) {
    this.mostPayload = mostPayload;
  }

  private static ByteBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  /** Forgets the last reply. */
  void reset() {
    countedNodes = 0;
  }

  /**
   * Room for a payload.
   *
   * @param wanted bytes; cut to the most that a reply may have
   * @return a buffer with its position at the payload's first byte and its limit after the last
   */
  ByteBuffer payload(int wanted) {
    int size = Math.clamp(wanted, 0, mostPayload);
    if (bytes.length < HEADER_SIZE + size) {
      Arrays.fill(bytes, (byte) 0);
      bytes = new byte[HEADER_SIZE + Math.min(mostPayload, roundedUp(size))];
      buffer = view(bytes);
    }
    return buffer.limit(HEADER_SIZE + size).position(HEADER_SIZE);
  }

  /** The next power of two, so that a few sizes of request do not make many arrays. */
  private static int roundedUp(int size) {
    int highest = Integer.highestOneBit(Math.max(1, size));
    return highest == size || highest > Integer.MAX_VALUE / 2 ? size : 2 * highest;
  }

  /** The payload as it is now, for who does not send it. */
  ByteBuffer payload() {
    return buffer
        .duplicate()
        .order(ByteOrder.nativeOrder())
        .clear()
        .position(HEADER_SIZE)
        .slice()
        .order(ByteOrder.nativeOrder());
  }

  /** Notes that this reply makes the kernel count one more reference to a node. */
  void counts(long nodeId) {
    if (countedNodes == counted.length) {
      counted = Arrays.copyOf(counted, 2 * counted.length);
    }
    counted[countedNodes++] = nodeId;
  }

  /** Takes the references back that the kernel never learned of. */
  void takeBackCounts(Inodes inodes) {
    for (int i = 0; i < countedNodes; i++) {
      inodes.forget(counted[i], 1);
    }
    countedNodes = 0;
  }

  /**
   * Sends it.
   *
   * @param result bytes of payload, or a negative errno
   */
  void send(FuseDevice device, long unique, int result) throws SystemCallException {
    int length = HEADER_SIZE + Math.max(0, result);
    ByteBuffer header = buffer.limit(bytes.length);
    header.putInt(0, length).putInt(4, Math.min(0, result)).putLong(8, unique);
    device.write(bytes, length);
  }

  /**
   * Sends a notification instead: nobody asked.
   *
   * @param code {@code FUSE_NOTIFY_*}
   * @param length bytes of payload
   */
  void notify(FuseDevice device, int code, int length) throws SystemCallException {
    buffer.limit(bytes.length).putInt(0, HEADER_SIZE + length).putInt(4, code).putLong(8, 0);
    device.write(bytes, HEADER_SIZE + length);
  }

  /** Overwrites the plaintext of the last replies. */
  void wipe() {
    Arrays.fill(bytes, (byte) 0);
  }
}
