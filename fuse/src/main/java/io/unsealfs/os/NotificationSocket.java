package io.unsealfs.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The datagram socket at which a service manager listens, as sd_notify(3) and unix(7) describe it:
 * a path, or with {@code @} in front a name in the abstract name space. The JDK's own UNIX sockets
 * are streams only. Each message goes through a socket of its own, so that nothing has to be kept,
 * or noticed when the manager is started anew. Thread-safe.
 */
public final class NotificationSocket {
  private static final int AF_UNIX = 1;

  /** SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK. */
  private static final int DATAGRAM = 2 | 0x8_0000 | 0x800;

  /** Bytes of {@code sun_path}. */
  private static final int PATH_MAX = 108;

  /** Far more than any message here, and within what the kernel sends at once. */
  private static final int MESSAGE_MAX = 4096;

  /** How long to go on while the manager's queue is full. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final byte[] address;

  private NotificationSocket(byte[] address) {
    this.address = address;
  }

  /**
   * The socket that {@code NOTIFY_SOCKET} names.
   *
   * @throws IOException if it is neither an absolute path nor an abstract name, or too long
   */
  public static NotificationSocket at(String name) throws IOException {
    byte[] bytes = name.getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
    boolean path = name.startsWith("/");
    boolean abstractName = name.startsWith("@") && bytes.length > 1;
    if (!path && !abstractName) {
      throw new IOException("NOTIFY_SOCKET is neither an absolute path nor an abstract name");
    }
    // a path is closed by a NUL, an abstract name is exactly as long as it is
    if (bytes.length + (path ? 1 : 0) > PATH_MAX) {
      throw new IOException("NOTIFY_SOCKET is longer than a socket's name can be");
    }
    byte[] address = new byte[Short.BYTES + bytes.length + (path ? 1 : 0)];
    ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putShort((short) AF_UNIX).put(bytes);
    if (abstractName) {
      address[Short.BYTES] = 0;
    }
    return new NotificationSocket(address);
  }

  /**
   * Sends one message, whole or not at all.
   *
   * @param message at most 4096 bytes
   * @throws SystemCallException ENOENT or ECONNREFUSED where nobody listens, EAGAIN if the queue
   *     stays full
   */
  public void send(byte[] message) throws SystemCallException {
    if (message.length > MESSAGE_MAX) {
      throw new IllegalArgumentException("message too long");
    }
    int fd = Libc.CALLS.socket(AF_UNIX, DATAGRAM, 0);
    if (fd < 0) {
      throw new SystemCallException("socket", Libc.errno());
    }
    try {
      if (Libc.CALLS.connect(fd, address, address.length) != 0) {
        throw new SystemCallException("connect to the service manager", Libc.errno());
      }
      byte[] sent = Arrays.copyOf(message, message.length);
      long end = System.nanoTime() + PATIENCE_NANOS;
      while (Libc.CALLS.write(fd, sent, sent.length) < 0) {
        int errno = Libc.errno();
        boolean again = errno == ErrorNumber.EAGAIN || errno == ErrorNumber.EINTR;
        if (!again || System.nanoTime() >= end) {
          throw new SystemCallException("write to the service manager", errno);
        }
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
    } finally {
      int _ = Libc.CALLS.close(fd);
    }
  }
}
