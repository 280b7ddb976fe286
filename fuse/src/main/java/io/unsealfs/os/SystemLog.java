package io.unsealfs.os;

import java.nio.charset.StandardCharsets;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Variadic;

/** The system's log, as syslog(3) reaches it: the journal where systemd runs. */
public final class SystemLog {
  /** LOG_PID | LOG_NDELAY: connect now, while the descriptor can still be had. */
  private static final int OPTIONS = 0x01 | 0x08;

  /** LOG_DAEMON. */
  private static final int FACILITY = 3 << 3;

  private static final byte[] ONE_STRING = "%s\0".getBytes(StandardCharsets.US_ASCII);

  private final Functions calls;
  // openlog keeps the pointer, so the memory has to live as long as the log is used
  private final Pointer ident;

  private SystemLog(Functions calls, Pointer ident) {
    this.calls = calls;
    this.ident = ident;
  }

  /** Connects to the log; lines are marked with {@code name} and this process's number. */
  public static SystemLog open(String name) {
    Functions calls = LibraryLoader.create(Functions.class).failImmediately().load("c");
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    Pointer ident = Memory.allocateDirect(Runtime.getRuntime(calls), bytes.length + 1);
    ident.put(0, bytes, 0, bytes.length);
    ident.putByte(bytes.length, (byte) 0);
    calls.openlog(ident, OPTIONS, FACILITY);
    return new SystemLog(calls, ident);
  }

  /**
   * Writes one line.
   *
   * @param priority 0 (emergency) to 7 (debug)
   */
  public void write(int priority, String line) {
    if (ident.size() > 0) {
      calls.syslog(
          priority & 7, ONE_STRING, Libc.terminated(line.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** Public for the code that jnr-ffi generates. */
  public interface Functions {
    void openlog(Pointer ident, int options, int facility);

    @Variadic(fixedCount = 2)
    void syslog(int priority, @In byte[] format, @In byte[] line);
  }
}
