package io.unsealfs.mount.kernel;

import io.unsealfs.mount.MountException;
import java.nio.ByteBuffer;

/**
 * The first request of a connection, {@code FUSE_INIT}, and what it settles.
 *
 * @param minor the kernel's protocol is 7.this
 * @param maxReadAheadBytes what the kernel reads ahead at most, until the mount's setting says more
 * @param flags what both sides agreed on, {@code FUSE_*} bits of the 64-bit flag word
 */
record Handshake(int minor, int maxReadAheadBytes, long flags) {
  private static final int MAJOR = 7;

  /** Older kernels have shorter structures; 7.23 is Linux 3.15. */
  private static final int OLDEST_MINOR = 23;

  private static final int OUR_MINOR = 45;
  private static final int REPLY_SIZE = 64;
  private static final int SHORTEST_ARGUMENTS = 16;
  private static final int EXTENDED_ARGUMENTS = 20;

  private static final long ASYNC_READ = 1;
  private static final long DO_READDIRPLUS = 1 << 13;
  private static final long READDIRPLUS_AUTO = 1 << 14;
  private static final long ASYNC_DIO = 1 << 15;
  private static final long NO_OPEN_SUPPORT = 1 << 17;
  private static final long PARALLEL_DIROPS = 1 << 18;
  private static final long POSIX_ACL = 1 << 20;
  private static final long MAX_PAGES = 1 << 22;
  private static final long CACHE_SYMLINKS = 1 << 23;
  private static final long NO_OPENDIR_SUPPORT = 1 << 24;
  private static final long EXPLICIT_INVAL_DATA = 1 << 25;
  private static final long INIT_EXT = 1 << 30;
  private static final long PASSTHROUGH = 1L << 37;

  private static final long ALWAYS_WANTED =
      ASYNC_READ
          | DO_READDIRPLUS
          | ASYNC_DIO
          | PARALLEL_DIROPS
          | MAX_PAGES
          | CACHE_SYMLINKS
          | EXPLICIT_INVAL_DATA
          | INIT_EXT;

  /** Requests the kernel may have waiting without anybody waiting for them: read-ahead. */
  private static final int MAX_BACKGROUND = 256;

  private static final int CONGESTION_THRESHOLD = 192;

  /** File systems below this one that passthrough may reach: memory has none below it. */
  private static final int STACK_DEPTH = 1;

  /** The least that the kernel accepts; nothing is ever written. */
  private static final int MAX_WRITE = 4096;

  /**
   * What the first request settles.
   *
   * @throws MountException if it is something else, or the kernel too old
   */
  static Handshake of(KernelRequest request, Wishes wishes) throws MountException {
    if (!request.isComplete()
        || request.opcode() != Opcode.INIT
        || request.argumentsLength() < SHORTEST_ARGUMENTS) {
      throw new MountException("the kernel did not begin with the FUSE handshake");
    }
    int major = request.int32(0);
    int minor = request.int32(4);
    if (major != MAJOR || minor < OLDEST_MINOR) {
      throw new MountException(
          "this kernel speaks version "
              + Integer.toUnsignedString(major)
              + "."
              + Integer.toUnsignedString(minor)
              + " of the FUSE protocol, this transport "
              + MAJOR
              + "."
              + OLDEST_MINOR
              + " and later; use --transport jnr");
    }
    long offered = Integer.toUnsignedLong(request.int32(12));
    if ((offered & INIT_EXT) != 0 && request.argumentsLength() >= EXTENDED_ARGUMENTS) {
      offered |= (long) request.int32(16) << 32;
    }
    long wanted =
        ALWAYS_WANTED
            | (wishes.unseenOpens() ? NO_OPEN_SUPPORT | NO_OPENDIR_SUPPORT : 0)
            | (wishes.fullListings() ? 0 : READDIRPLUS_AUTO)
            | (wishes.passthrough() ? PASSTHROUGH : 0)
            | (wishes.acl() ? POSIX_ACL : 0);
    return new Handshake(minor, request.int32(8), offered & wanted);
  }

  /**
   * Writes the answer.
   *
   * @param maxPages pages per request to ask for; the kernel takes no more than it allows
   * @return bytes of payload
   */
  int answer(KernelReply reply, int maxPages) {
    ByteBuffer out = reply.payload(REPLY_SIZE);
    out.putInt(MAJOR).putInt(Math.min(minor, OUR_MINOR)).putInt(maxReadAheadBytes);
    out.putInt((int) flags);
    out.putShort((short) MAX_BACKGROUND).putShort((short) CONGESTION_THRESHOLD);
    out.putInt(MAX_WRITE).putInt(1); // times are exact to the nanosecond
    out.putShort((short) maxPages).putShort((short) 0);
    out.putInt((int) (flags >>> 32));
    out.putInt(passthrough() ? STACK_DEPTH : 0);
    while (out.hasRemaining()) {
      out.putInt(0);
    }
    return REPLY_SIZE;
  }

  /** Whether OPEN may be answered with "not needed". */
  boolean unseenOpens() {
    return (flags & NO_OPEN_SUPPORT) != 0;
  }

  /** Whether OPENDIR may be answered with "not needed". */
  boolean unseenOpendirs() {
    return (flags & NO_OPENDIR_SUPPORT) != 0;
  }

  /** Whether OPEN may be answered with memory to read from. */
  boolean passthrough() {
    return (flags & PASSTHROUGH) != 0 && (flags & INIT_EXT) != 0;
  }

  /** Whether the kernel asks for access control lists and obeys them. */
  boolean acl() {
    return (flags & POSIX_ACL) != 0;
  }
}
