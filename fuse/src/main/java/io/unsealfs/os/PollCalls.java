package io.unsealfs.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** Waiting for an event of a descriptor. */
final class PollCalls {
  static final int POLLPRI = 2;
  static final int POLLERR = 8;
  static final int POLLNVAL = 32;

  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private PollCalls() {}

  /** poll(2); public for the code that jnr-ffi generates. */
  public interface Functions {
    int poll(@In @Out byte[] descriptors, long count, int timeoutMillis);
  }
}
