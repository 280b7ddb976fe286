package io.unsealfs.mount;

import java.io.IOException;

/** The key's lease ran out before it could be renewed: the mount hands out nothing more. */
public class KeyExpiredException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public KeyExpiredException(String message) {
    super(message);
  }
}
