package io.unsealfs.storage.manifest;

import java.io.IOException;

/** A manifest is malformed, or larger than this version reads. */
public class ManifestException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public ManifestException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public ManifestException(String message, Throwable cause) {
    super(message, cause);
  }
}
