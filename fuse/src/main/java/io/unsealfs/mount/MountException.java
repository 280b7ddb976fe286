package io.unsealfs.mount;

import java.io.IOException;

/** FUSE or the mount point refused the mount. */
public class MountException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public MountException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public MountException(String message, Throwable cause) {
    super(message, cause);
  }
}
