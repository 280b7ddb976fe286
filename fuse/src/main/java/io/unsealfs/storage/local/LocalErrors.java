package io.unsealfs.storage.local;

import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** The one table from error number to the exceptions of the storage contract. */
final class LocalErrors {

  private LocalErrors() {}

  /** What {@code failure} of a call on {@code location} means to a caller of the tree. */
  static IOException translate(SystemCallException failure, String location) {
    return switch (failure.errno()) {
      case ErrorNumber.ENOENT -> caused(new NoSuchFileException(location), failure);
      case ErrorNumber.ENOTDIR -> caused(new NotDirectoryException(location), failure);
      case ErrorNumber.EACCES, ErrorNumber.EPERM ->
          caused(
              new AccessDeniedException(location, null, ErrorNumber.text(failure.errno())),
              failure);
      case ErrorNumber.ELOOP ->
          new StorageException(
              location
                  + ": a symbolic link stands in its path; links are not followed below the"
                  + " root",
              failure);
      case ErrorNumber.ENAMETOOLONG ->
          new NameTooLongException(location + ": name too long for the file system", failure);
      case ErrorNumber.ENXIO, ErrorNumber.ENODEV ->
          new IllegalNodeException(location + ": not a regular file", failure);
      case ErrorNumber.ESTALE ->
          new StaleSourceException(location + ": the file system says it is stale", failure);
      case ErrorNumber.EBADF -> new StorageException(location + ": already closed", failure);
      default -> new StorageException(location + ": " + failure.getMessage(), failure);
    };
  }

  private static IOException caused(IOException exception, Throwable cause) {
    exception.initCause(cause);
    return exception;
  }
}
