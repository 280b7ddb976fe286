package io.unsealfs.os;

import java.io.Closeable;

/** Two descriptors that talk to each other: one is kept, one goes to a child. */
record DescriptorPair(Descriptor ours, Descriptor theirs) implements Closeable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int F_DUPFD_CLOEXEC = 1030;

  /** A connected pair of sockets. */
  static DescriptorPair sockets() throws SystemCallException {
    int[] pair = new int[2];
    Checked.call(
        "socketpair",
        SpawnCalls.CALLS.socketpair(AF_UNIX, SOCK_STREAM | OpenFlags.CLOEXEC, 0, pair));
    return new DescriptorPair(new Descriptor(pair[0]), new Descriptor(pair[1]));
  }

  /** A pipe from them to us. */
  static DescriptorPair pipe() throws SystemCallException {
    int[] pair = new int[2];
    Checked.call("pipe2", SpawnCalls.CALLS.pipe2(pair, OpenFlags.CLOEXEC));
    return new DescriptorPair(new Descriptor(pair[0]), new Descriptor(pair[1]));
  }

  /** Another number, {@code lowest} or above, for the same open file. */
  static Descriptor duplicate(Descriptor descriptor, int lowest) throws SystemCallException {
    int number = descriptor.acquire();
    try {
      return Descriptor.opened("fcntl", Libc.CALLS.fcntl(number, F_DUPFD_CLOEXEC, lowest));
    } finally {
      descriptor.release();
    }
  }

  @Override
  public void close() {
    ours.close();
    theirs.close();
  }
}
