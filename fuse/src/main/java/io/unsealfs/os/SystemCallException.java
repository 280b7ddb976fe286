package io.unsealfs.os;

import java.io.IOException;

/**
 * A system call failed. Callers translate it where they know what it was for; the message alone
 * names the call and the reason, not the object.
 */
public class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * The failure of one call.
   *
   * @param call name of the call
   * @param errno why, see {@link ErrorNumber}
   */
  public SystemCallException(String call, int errno) {
    super(call + ": " + ErrorNumber.text(errno));
    this.errno = errno;
  }

  /** Why the call failed, see {@link ErrorNumber}. */
  public int errno() {
    return errno;
  }
}
