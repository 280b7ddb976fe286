package io.unsealfs.volume;

import java.io.IOException;

/** A volume's header is unknown, unsupported, malformed or asks for more than the limits allow. */
public class VolumeFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public VolumeFormatException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public VolumeFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
