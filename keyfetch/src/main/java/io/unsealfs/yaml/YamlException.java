package io.unsealfs.yaml;

import java.io.IOException;

/** A YAML file that says something that is not understood. One line, which names the line. */
public final class YamlException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message. */
  public YamlException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public YamlException(String message, Throwable cause) {
    super(message, cause);
  }
}
