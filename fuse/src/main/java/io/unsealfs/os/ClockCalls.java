package io.unsealfs.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.Out;

/** The clock that Java does not show. */
final class ClockCalls {
  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private ClockCalls() {}

  /** clock_gettime(2); public for the code that jnr-ffi generates. */
  public interface Functions {
    int clock_gettime(int clock, @Out byte[] timespec);
  }
}
