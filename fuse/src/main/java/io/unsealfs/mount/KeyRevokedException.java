package io.unsealfs.mount;

import java.io.IOException;

/** The key's owner took the key back: the mount hands out nothing more. */
public class KeyRevokedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public KeyRevokedException(String message) {
    super(message);
  }
}
