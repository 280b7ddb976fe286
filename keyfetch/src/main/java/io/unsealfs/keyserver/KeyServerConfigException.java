package io.unsealfs.keyserver;

import java.io.IOException;

/** The key server's configuration, or a file it names, cannot be used. */
public class KeyServerConfigException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public KeyServerConfigException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public KeyServerConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
