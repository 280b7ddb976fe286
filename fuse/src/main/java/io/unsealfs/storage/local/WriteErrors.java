package io.unsealfs.storage.local;

import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.StorageException;

/** What a failed system call means to somebody who wants a tree written. */
final class WriteErrors {

  private WriteErrors() {}

  /** {@code failure} while writing {@code location}; the message is one line for people. */
  static StorageException translate(SystemCallException failure, String location) {
    return new StorageException(location + ": cannot be written: " + failure.getMessage(), failure);
  }
}
