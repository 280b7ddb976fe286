package io.unsealfs.mount.kernel;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One reply: {@code struct fuse_out_header} and its payload in one heap array, so that plaintext is
 * decrypted where the kernel copies it from. Belongs to one worker. A small array is its own; a
 * large one is borrowed from {@link LargeReplies} for one reply at a time.
 */
final class KernelReply {
  /** {@code struct fuse_out_header}. */
  static final int HEADER_SIZE = 16;

  private static final int FIRST_ROOM = 8 << 10;

  /** Payload of the largest array of its own. */
  private static final int OWN_MOST = 64 << 10;

  private final int mostPayload;
  private final LargeReplies large;
  private Room own = new Room(HEADER_SIZE + FIRST_ROOM);
  private Room room = own;
  private long[] counted = new long[16];
  private int countedNodes;

  /**
   * An empty reply.
   *
   * @param mostPayload bytes that no reply exceeds
   * @param large where arrays for so many bytes come from
   */
  KernelReply(int mostPayload, LargeReplies large) {
    this.mostPayload = mostPayload;
    this.large = large;
  }

  /** A reply that no other shares arrays with. */
  KernelReply(int mostPayload) {
    this(mostPayload, new LargeReplies(mostPayload));
  }

  /** An array for header and payload, and a view of all of it in native order. */
  static final class Room {
    private final byte[] bytes;
    private final ByteBuffer buffer;

    Room(int size) {
      bytes = new byte[size];
      buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** Overwrites the plaintext. */
    void wipe() {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Forgets the last reply. */
  void reset() {
    countedNodes = 0;
  }

  /** The reply was sent, or will not be: a borrowed array goes back. */
  void release() {
    Room last = room;
    if (!last.equals(own)) {
      room = own;
      large.give(last);
    }
  }

  /**
   * Room for a payload.
   *
   * @param wanted bytes; cut to the most that a reply may have
   * @return a buffer with its position at the payload's first byte and its limit after the last
   */
  ByteBuffer payload(int wanted) {
    int size = Math.clamp(wanted, 0, mostPayload);
    if (room.bytes.length < HEADER_SIZE + size) {
      release();
      if (size > OWN_MOST) {
        room = large.take();
      } else {
        own.wipe();
        own = new Room(HEADER_SIZE + Math.min(mostPayload, roundedUp(size)));
        room = own;
      }
    }
    return room.buffer.limit(HEADER_SIZE + size).position(HEADER_SIZE);
  }

  /** The next power of two, so that a few sizes of request do not make many arrays. */
  private static int roundedUp(int size) {
    int highest = Integer.highestOneBit(Math.max(1, size));
    return highest == size || highest > Integer.MAX_VALUE / 2 ? size : 2 * highest;
  }

  /** The payload as it is now, for who does not send it. */
  ByteBuffer payload() {
    return room.buffer
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
    ByteBuffer header = room.buffer.clear();
    header.putInt(0, length).putInt(4, Math.min(0, result)).putLong(8, unique);
    device.write(room.bytes, length);
  }

  /**
   * Sends a notification instead: nobody asked.
   *
   * @param code {@code FUSE_NOTIFY_*}
   * @param length bytes of payload
   */
  void notify(FuseDevice device, int code, int length) throws SystemCallException {
    ByteBuffer header = room.buffer.clear();
    header.putInt(0, HEADER_SIZE + length).putInt(4, code).putLong(8, 0);
    device.write(room.bytes, HEADER_SIZE + length);
  }

  /** Overwrites the plaintext of the last replies. */
  void wipe() {
    release();
    own.wipe();
    large.close();
  }
}
