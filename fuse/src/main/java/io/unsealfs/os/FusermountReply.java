package io.unsealfs.os;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** What fusermount answers: a descriptor over its socket, or words on standard error. */
final class FusermountReply {
  private static final int TEXT_BYTES = 4096;
  private static final int POLLIN = 1;
  private static final int POLLFD_BYTES = 8;
  private static final int RESULT = 6;

  private final int socket;
  private final int errors;
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private boolean socketOpen = true;
  private boolean errorsOpen = true;

  /** Numbers that stay open meanwhile. */
  FusermountReply(int socket, int errors) {
    this.socket = socket;
    this.errors = errors;
  }

  /**
   * Waits for the descriptor; empty once the other side closed both, or when the time is over.
   *
   * @see #ended()
   */
  Optional<Descriptor> await(Duration limit) throws SystemCallException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!ended()) {
      long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      if (millis <= 0) {
        return Optional.empty();
      }
      byte[] polled = poll((int) Math.min(millis, Integer.MAX_VALUE));
      if (errorsOpen && ready(polled, POLLFD_BYTES)) {
        readText();
      }
      if (socketOpen && ready(polled, 0)) {
        Optional<Descriptor> device = DescriptorMessage.receive(socket);
        if (device.isPresent()) {
          return device;
        }
        socketOpen = false;
      }
    }
    return Optional.empty();
  }

  private byte[] poll(int millis) throws SystemCallException {
    byte[] polled = new byte[2 * POLLFD_BYTES];
    ByteBuffer list = ByteBuffer.wrap(polled).order(ByteOrder.nativeOrder());
    // a negative number is passed over
    list.putInt(socketOpen ? socket : -1).putShort((short) POLLIN).putShort((short) 0);
    list.putInt(errorsOpen ? errors : -1).putShort((short) POLLIN).putShort((short) 0);
    if (SpawnCalls.CALLS.poll(polled, 2, millis) < 0) {
      int errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        throw new SystemCallException("poll", errno);
      }
      return new byte[2 * POLLFD_BYTES];
    }
    return polled;
  }

  private static boolean ready(byte[] polled, int at) {
    return ByteBuffer.wrap(polled).order(ByteOrder.nativeOrder()).getShort(at + RESULT) != 0;
  }

  /** Reads on when there is too much, so that the other side does not wait for room. */
  private void readText() throws SystemCallException {
    byte[] chunk = new byte[TEXT_BYTES];
    long got = SpawnCalls.CALLS.read(errors, chunk, chunk.length);
    if (got < 0) {
      int errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        throw new SystemCallException("read", errno);
      }
      return;
    }
    errorsOpen = got > 0;
    text.write(chunk, 0, (int) Math.min(got, TEXT_BYTES - text.size()));
  }

  /** Whether the other side has nothing more to say. */
  boolean ended() {
    return !socketOpen && !errorsOpen;
  }

  /** Its words in one line, at most 4096 bytes of them. */
  String text() {
    return text.toString(StandardCharsets.UTF_8).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
  }
}
