package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A descriptor number this process was started with: standard streams, {@code --key fd:N}, the pipe
 * to the process that waits for readiness. Java cannot address them.
 */
public final class InheritedDescriptor {
  private static final int CHUNK_BYTES = 4096;
  private static final int STANDARD_STREAMS = 3;
  private static final int F_GETFD = 1;
  private static final int O_RDWR = 2;
  private static final byte[] DEV_NULL =
      Libc.terminated("/dev/null".getBytes(StandardCharsets.US_ASCII));

  private final int number;

  /** The descriptor {@code number}, whether open or not. */
  public InheritedDescriptor(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("descriptor " + number);
    }
    this.number = number;
  }

  /** Numbers of all descriptors this process has open, ascending. */
  public static List<Integer> open() throws SystemCallException {
    List<Integer> numbers = new ArrayList<>();
    byte[] path = "/proc/self/fd".getBytes(StandardCharsets.US_ASCII);
    int listing =
        Libc.CALLS.open(Libc.terminated(path), OpenFlags.DIRECTORY | OpenFlags.CLOEXEC, 0);
    try (Descriptor directory = Descriptor.opened("open /proc/self/fd", listing)) {
      for (DirectoryReader.Entry entry : DirectoryReader.list(directory, Integer.MAX_VALUE - 1)) {
        int found = Integer.parseInt(new String(entry.name(), StandardCharsets.US_ASCII));
        if (found != listing) {
          numbers.add(found);
        }
      }
    }
    numbers.sort(null);
    return numbers;
  }

  /** Puts {@code /dev/null} in place of standard input, output and error. */
  public static void silenceStandardStreams() throws SystemCallException {
    int silence = Libc.CALLS.open(DEV_NULL, O_RDWR | OpenFlags.CLOEXEC, 0);
    if (silence < 0) {
      throw new SystemCallException("open /dev/null", Libc.errno());
    }
    try {
      for (int stream = 0; stream < STANDARD_STREAMS; stream++) {
        if (Libc.CALLS.dup2(silence, stream) < 0) {
          throw new SystemCallException("dup2", Libc.errno());
        }
      }
    } finally {
      if (silence >= STANDARD_STREAMS) {
        int _ = Libc.CALLS.close(silence);
      }
    }
  }

  /** Whether it is open. */
  public boolean isOpen() {
    return Libc.CALLS.fcntl(number, F_GETFD, 0) >= 0;
  }

  /**
   * Reads what there is straight into a direct buffer, and advances it.
   *
   * @return bytes read, or -1 at the end
   * @throws SystemCallException EBADF if it is not open, or not for reading
   */
  public int read(ByteBuffer direct) throws SystemCallException {
    if (!direct.isDirect()) {
      throw new IllegalArgumentException("not a direct buffer");
    }
    while (direct.hasRemaining()) {
      long got = Libc.CALLS.read(number, direct, direct.remaining());
      if (got > 0) {
        direct.position(direct.position() + (int) got);
        return (int) got;
      }
      if (got == 0) {
        return -1;
      }
      int errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        throw new SystemCallException("read", errno);
      }
    }
    return 0;
  }

  /**
   * Reads to the end. May hold a secret: the caller wipes the result, everything else is wiped
   * here.
   *
   * @param limit most bytes to accept
   * @throws SystemCallException ERANGE if there are more, EBADF if it is not open
   */
  public byte[] readAll(int limit) throws SystemCallException {
    byte[] all = new byte[Math.min(limit, CHUNK_BYTES)];
    // A direct buffer: for an array the call would leave a copy of the secret on the native stack.
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    int length = 0;
    try {
      while (true) {
        long got = Libc.CALLS.read(number, chunk, CHUNK_BYTES);
        if (got < 0) {
          int errno = Libc.errno();
          if (errno == ErrorNumber.EINTR) {
            continue;
          }
          throw new SystemCallException("read", errno);
        }
        if (got == 0) {
          return Arrays.copyOf(all, length);
        }
        if (got > limit - length) {
          throw new SystemCallException("read", ErrorNumber.ERANGE);
        }
        if (length + (int) got > all.length) {
          byte[] larger =
              Arrays.copyOf(all, (int) Math.min(limit, Math.max(2L * all.length, length + got)));
          Arrays.fill(all, (byte) 0);
          all = larger;
        }
        chunk.get(0, all, length, (int) got);
        length += (int) got;
      }
    } finally {
      Arrays.fill(all, (byte) 0);
      chunk.clear().put(new byte[CHUNK_BYTES]);
    }
  }

  /**
   * Writes all of {@code bytes}. A reader that is gone is EPIPE (the JVM ignores SIGPIPE).
   *
   * @throws SystemCallException if that is not possible
   */
  public void write(byte[] bytes) throws SystemCallException {
    ByteBuffer rest = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    while (rest.hasRemaining()) {
      long written = Libc.CALLS.write(number, rest, rest.remaining());
      if (written >= 0) {
        rest.position(rest.position() + (int) written);
      } else {
        int errno = Libc.errno();
        if (errno != ErrorNumber.EINTR) {
          throw new SystemCallException("write", errno);
        }
      }
    }
  }

  /** Gives the number back to the kernel; nothing happens if it is not open. */
  public void close() {
    int _ = Libc.CALLS.close(number);
  }
}
