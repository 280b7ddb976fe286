package io.unsealfs.os;

import java.util.Optional;
import jnr.ffi.Pointer;

/** A descriptor that another process passes over a socket, unix(7): SCM_RIGHTS. */
final class DescriptorMessage {
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

  // struct msghdr, 64-bit Linux: name, name length, iovec, their number, control, its length, flags
  private static final int VECTOR = 16;
  private static final int VECTORS = 24;
  private static final int CONTROL = 32;
  private static final int CONTROL_LENGTH = 40;

  // behind its 56 bytes in the same memory: one iovec, one byte of data, one control message
  private static final int VECTOR_AT = 64;
  private static final int DATA_AT = 80;
  private static final int CONTROL_AT = 96;

  // struct cmsghdr: length with this header, level, type
  private static final int LEVEL = 8;
  private static final int TYPE = 12;
  private static final int CONTROL_HEADER_BYTES = 16;

  /** CMSG_SPACE of one descriptor; with its padding it has room for two. */
  private static final int CONTROL_BYTES = 24;

  private DescriptorMessage() {}

  /**
   * Waits for one message.
   *
   * @return empty if the other side closed without sending
   * @throws SystemCallException EINVAL if the message does not carry exactly one descriptor
   */
  static Optional<Descriptor> receive(int socket) throws SystemCallException {
    Pointer memory = SpawnCalls.memory(CONTROL_AT + CONTROL_BYTES);
    long base = memory.address();
    memory.putAddress(VECTOR, base + VECTOR_AT);
    memory.putLong(VECTORS, 1);
    memory.putAddress(CONTROL, base + CONTROL_AT);
    memory.putLong(CONTROL_LENGTH, CONTROL_BYTES);
    memory.putAddress(VECTOR_AT, base + DATA_AT);
    memory.putLong(VECTOR_AT + Long.BYTES, 1);
    long got = SpawnCalls.CALLS.recvmsg(socket, memory, MSG_CMSG_CLOEXEC);
    while (got < 0 && Libc.errno() == ErrorNumber.EINTR) {
      memory.putLong(CONTROL_LENGTH, CONTROL_BYTES);
      got = SpawnCalls.CALLS.recvmsg(socket, memory, MSG_CMSG_CLOEXEC);
    }
    if (got < 0) {
      throw new SystemCallException("recvmsg", Libc.errno());
    }
    int passed = passed(memory);
    if (got == 0 && passed == 0) {
      return Optional.empty();
    }
    int first = memory.getInt(CONTROL_AT + CONTROL_HEADER_BYTES);
    if (passed == 1) {
      return Optional.of(new Descriptor(first));
    }
    for (int i = 0; i < passed; i++) {
      long at = CONTROL_AT + CONTROL_HEADER_BYTES + (long) i * Integer.BYTES;
      int _ = Libc.CALLS.close(memory.getInt(at));
    }
    throw new SystemCallException("recvmsg of a descriptor", ErrorNumber.EINVAL);
  }

  private static int passed(Pointer memory) {
    long length = memory.getLong(CONTROL_AT);
    if (memory.getLong(CONTROL_LENGTH) < CONTROL_HEADER_BYTES
        || length < CONTROL_HEADER_BYTES
        || length > CONTROL_BYTES
        || memory.getInt(CONTROL_AT + LEVEL) != SOL_SOCKET
        || memory.getInt(CONTROL_AT + TYPE) != SCM_RIGHTS) {
      return 0;
    }
    return (int) (length - CONTROL_HEADER_BYTES) / Integer.BYTES;
  }
}
