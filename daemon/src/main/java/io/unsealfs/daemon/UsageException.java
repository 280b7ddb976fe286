package io.unsealfs.daemon;

import java.io.IOException;

/** The command line asks for something that makes no sense; exit code 2. */
final class UsageException extends IOException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
