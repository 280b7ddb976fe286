package io.unsealfs.os;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/fuse}: requests of the kernel come out, replies go in. Each read and each
 * write is one message. Thread-safe as {@link Descriptor} is.
 *
 * <p>Closing does not wake a thread that waits in {@link #read}; the number is given back when that
 * read returns, which it does when the mount ends or its connection is aborted.
 */
public final class FuseDevice implements Closeable {
  /** The least room for a request that the kernel accepts, FUSE_MIN_READ_BUFFER. */
  public static final int MIN_READ_BYTES = 8192;

  private static final byte[] PATH =
      Libc.terminated("/dev/fuse".getBytes(StandardCharsets.US_ASCII));

  /** Among the flags that the kernel tells with a read: the reader goes past its page cache. */
  public static final int OPENED_DIRECT = OpenFlags.DIRECT;

  private static final int O_RDWR = 2;
  private static final int O_NONBLOCK = 0x800;

  /** FUSE_DEV_IOC_CLONE, {@code _IOR(229, 0, uint32_t)}: the same on x86-64 and aarch64. */
  private static final long IOC_CLONE = 0x8004_e500L;

  /** FUSE_DEV_IOC_BACKING_OPEN, {@code _IOW(229, 1, struct fuse_backing_map)}, 16 bytes. */
  private static final long IOC_BACKING_OPEN = 0x4010_e501L;

  /** FUSE_DEV_IOC_BACKING_CLOSE, {@code _IOW(229, 2, uint32_t)}. */
  private static final long IOC_BACKING_CLOSE = 0x4004_e502L;

  private static final int BACKING_MAP_SIZE = 16;

  private final Descriptor descriptor;
  private final @Nullable Closeable helper;
  private final boolean clonable;

  private FuseDevice(Descriptor descriptor, @Nullable Closeable helper) {
    this(descriptor, helper, true);
  }

  private FuseDevice(Descriptor descriptor, @Nullable Closeable helper, boolean clonable) {
    this.descriptor = descriptor;
    this.helper = helper;
    this.clonable = clonable;
  }

  /**
   * Opens the device; it belongs to no mount until its number is given to one.
   *
   * @throws SystemCallException ENOENT or ENODEV where there is no FUSE, EACCES where this user may
   *     not, EPERM where the container's device rules say no
   */
  public static FuseDevice open() throws SystemCallException {
    return new FuseDevice(openDevice(0), null);
  }

  /**
   * A descriptor of a mounted connection that somebody else made.
   *
   * @param helper closed after the device: what has to live as long as it does
   */
  static FuseDevice received(Descriptor descriptor, @Nullable Closeable helper) {
    return new FuseDevice(descriptor, helper);
  }

  /**
   * Connects it to a file system that is attached to no tree, so that the kernel's handshake can be
   * looked at.
   *
   * @return closed to end it
   * @throws SystemCallException EPERM without CAP_SYS_ADMIN
   */
  public Closeable connectNowhere() throws SystemCallException {
    DetachedFileSystem fuse = DetachedFileSystem.begin("fuse", HiddenMemoryCalls.CALLS);
    boolean done = false;
    try {
      fuse.set("fd", Integer.toString(number()));
      fuse.set("rootmode", "40000");
      fuse.set("user_id", "0");
      fuse.set("group_id", "0");
      fuse.create();
      done = true;
      return fuse;
    } finally {
      if (!done) {
        fuse.close();
      }
    }
  }

  private static Descriptor openDevice(int more) throws SystemCallException {
    return Descriptor.opened(
        "open /dev/fuse", Libc.CALLS.open(PATH, O_RDWR | OpenFlags.CLOEXEC | more, 0));
  }

  /**
   * Another descriptor of the same connection. A request has to be answered through the one it was
   * read from; what waits to be read is common to all.
   *
   * @throws SystemCallException EPERM or EINVAL before the mount, EACCES where this user may not
   *     open the device, ENOTTY where the kernel does not offer it
   */
  public FuseDevice cloned() throws SystemCallException {
    return cloned(0);
  }

  /** As {@link #cloned}, but reading never waits; see {@link #poll}. */
  public FuseDevice clonedForPolling() throws SystemCallException {
    return cloned(O_NONBLOCK);
  }

  /** The same descriptor, as a process has it that may not open the device any more. */
  public FuseDevice unclonable() {
    return new FuseDevice(descriptor, helper, false);
  }

  private FuseDevice cloned(int more) throws SystemCallException {
    if (!clonable) {
      throw new SystemCallException("open /dev/fuse", ErrorNumber.EACCES);
    }
    Descriptor copy = openDevice(more);
    boolean done = false;
    int session = descriptor.acquire();
    try {
      int clone = copy.acquire();
      try {
        byte[] argument = new byte[Integer.BYTES];
        ByteBuffer.wrap(argument).order(ByteOrder.nativeOrder()).putInt(session);
        Checked.call("ioctl FUSE_DEV_IOC_CLONE", Libc.CALLS.ioctl(clone, IOC_CLONE, argument));
      } finally {
        copy.release();
      }
      done = true;
      return new FuseDevice(copy, null);
    } finally {
      descriptor.release();
      if (!done) {
        copy.close();
      }
    }
  }

  /**
   * The descriptor's number, to be named in the options of {@link KernelMount} ({@code fd=N}).
   * Means nothing once this is closed.
   */
  public int number() throws SystemCallException {
    int number = descriptor.acquire();
    descriptor.release();
    return number;
  }

  /**
   * Waits for one request and advances the buffer behind it.
   *
   * @param directRequest a direct buffer with room for {@link #MIN_READ_BYTES} and for the largest
   *     request agreed on with the kernel
   * @return bytes read: a whole request
   * @throws SystemCallException ENODEV once the mount is gone; EINTR, EAGAIN, ENOENT (the request
   *     was withdrawn meanwhile) where the caller should try again; EPERM before the mount
   */
  public int read(ByteBuffer directRequest) throws SystemCallException {
    if (directRequest.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    if (!directRequest.isDirect()) {
      throw new IllegalArgumentException("needs a direct buffer");
    }
    int fd = descriptor.acquire();
    try {
      int room = directRequest.remaining();
      long got = Libc.CALLS.read(fd, directRequest, room);
      if (got < 0) {
        throw new SystemCallException("read /dev/fuse", Libc.errno());
      }
      if (got > room) {
        throw new SystemCallException("read /dev/fuse", ErrorNumber.ERANGE);
      }
      directRequest.position(directRequest.position() + (int) got);
      return (int) got;
    } finally {
      descriptor.release();
    }
  }

  /**
   * Takes a request if one waits; for a device from {@link #clonedForPolling}.
   *
   * @return false if none waits, or whatever else {@link #read} would throw
   */
  public boolean poll(ByteBuffer directRequest) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      long got = Libc.CALLS.read(fd, directRequest, directRequest.remaining());
      if (got <= 0 || got > directRequest.remaining()) {
        return false;
      }
      directRequest.position(directRequest.position() + (int) got);
      return true;
    } finally {
      descriptor.release();
    }
  }

  /**
   * Writes one reply or notification, without a copy in user space.
   *
   * @param reply header (fuse_out_header) and payload, from the start of the array
   * @param length bytes of it
   * @throws SystemCallException ENOENT if nobody waits for it any more (interrupted, unmounted),
   *     EINVAL if it is malformed
   */
  public void write(byte[] reply, int length) throws SystemCallException {
    Objects.checkFromIndexSize(0, length, reply.length);
    int fd = descriptor.acquire();
    try {
      long written = Libc.CALLS.write(fd, reply, length);
      if (written < 0) {
        throw new SystemCallException("write /dev/fuse", Libc.errno());
      }
    } finally {
      descriptor.release();
    }
  }

  /**
   * Registers a file that the kernel may read instead of asking us (passthrough).
   *
   * @return its number for replies to OPEN, {@code > 0}; valid until {@link #closeBacking}
   * @throws SystemCallException EPERM where passthrough was not agreed on or this process lacks
   *     CAP_SYS_ADMIN, EINVAL or ELOOP where the file is of a kind that cannot be
   */
  public int openBacking(MemoryFile file) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      int backing = file.acquire();
      try {
        byte[] argument = new byte[BACKING_MAP_SIZE];
        ByteBuffer.wrap(argument).order(ByteOrder.nativeOrder()).putInt(backing);
        int id = Libc.CALLS.ioctl(fd, IOC_BACKING_OPEN, argument);
        if (id <= 0) {
          throw new SystemCallException(
              "ioctl FUSE_DEV_IOC_BACKING_OPEN", id < 0 ? Libc.errno() : ErrorNumber.EINVAL);
        }
        return id;
      } finally {
        file.release();
      }
    } finally {
      descriptor.release();
    }
  }

  /** Takes the number of {@link #openBacking} back; files open through it stay so. */
  public void closeBacking(int id) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      byte[] argument = new byte[Integer.BYTES];
      ByteBuffer.wrap(argument).order(ByteOrder.nativeOrder()).putInt(id);
      Checked.call(
          "ioctl FUSE_DEV_IOC_BACKING_CLOSE", Libc.CALLS.ioctl(fd, IOC_BACKING_CLOSE, argument));
    } finally {
      descriptor.release();
    }
  }

  /** Closes; idempotent. When the last descriptor of a connection is closed, its mount is dead. */
  @Override
  public void close() {
    descriptor.close();
    if (helper != null) {
      try {
        helper.close();
      } catch (IOException e) {
        throw new IllegalStateException("cannot happen: closing a descriptor does not fail", e);
      }
    }
  }
}
