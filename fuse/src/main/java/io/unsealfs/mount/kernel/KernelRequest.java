package io.unsealfs.mount.kernel;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Name;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request as it came from the device: {@code struct fuse_in_header} and its arguments, in the
 * byte order of the machine. The buffer belongs to one worker and is used for one request after the
 * other. Reading past what the kernel sent throws {@link IndexOutOfBoundsException}.
 */
final class KernelRequest {
  /** {@code struct fuse_in_header}. */
  static final int HEADER_SIZE = 40;

  /**
   * Room for a request in bytes. The kernel insists on 8 KiB; more lets it put more forgets into
   * one. Requests carry names and no data, since the mount is read-only.
   */
  static final int BUFFER_SIZE = 32 << 10;

  private static final int OPCODE = 4;
  private static final int UNIQUE = 8;
  private static final int NODE = 16;
  private static final int USER = 24;
  private static final int THREAD = 32;

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());

  private @Nullable FuseDevice origin;

  /** Waits for the next request. */
  void receive(FuseDevice device) throws SystemCallException {
    origin = device;
    device.read(bytes.clear());
    bytes.flip();
  }

  /** Takes the next request if it is there already. */
  boolean poll(FuseDevice device) throws SystemCallException {
    origin = device;
    boolean got = device.poll(bytes.clear());
    bytes.flip();
    return got;
  }

  /** Takes a request that came in another way than from the device. */
  void load(byte[] request) {
    bytes.clear().put(request).flip();
  }

  /** Where it came from, and its reply goes. */
  FuseDevice origin() {
    return Objects.requireNonNull(origin, "no request yet");
  }

  /** Whether it is complete: the kernel never sends another, and nothing else is to be answered. */
  boolean isComplete() {
    return bytes.limit() >= HEADER_SIZE && bytes.getInt(0) == bytes.limit();
  }

  int opcode() {
    return bytes.getInt(OPCODE);
  }

  /** The request's number, which the reply repeats. */
  long unique() {
    return bytes.getLong(UNIQUE);
  }

  /** The node it is about. */
  long node() {
    return bytes.getLong(NODE);
  }

  /** The user on whose behalf the kernel asks, as the mount's user namespace numbers it. */
  int user() {
    return bytes.getInt(USER);
  }

  /** The thread that asks, as this process's namespace numbers it. */
  int thread() {
    return bytes.getInt(THREAD);
  }

  /** Bytes of arguments after the header. */
  int argumentsLength() {
    return bytes.limit() - HEADER_SIZE;
  }

  /** The 32-bit argument at this offset of the arguments. */
  int int32(int offset) {
    return bytes.getInt(HEADER_SIZE + offset);
  }

  /** The 64-bit argument at this offset of the arguments. */
  long int64(int offset) {
    return bytes.getLong(HEADER_SIZE + offset);
  }

  /**
   * The name at this offset of the arguments, up to its NUL.
   *
   * @throws NoSuchFileException if it is empty
   */
  Name name(int offset) throws NoSuchFileException {
    int start = HEADER_SIZE + offset;
    int end = start;
    while (bytes.get(end) != 0) {
      end++;
    }
    if (end == start) {
      throw new NoSuchFileException("");
    }
    byte[] name = new byte[end - start];
    bytes.get(start, name);
    return Name.of(name);
  }
}
