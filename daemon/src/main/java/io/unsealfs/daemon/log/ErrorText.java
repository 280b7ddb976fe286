package io.unsealfs.daemon.log;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** One line for an exception: its message, completed where the JDK's says only a path. */
public final class ErrorText {
  private ErrorText() {}

  /** The line, without stack trace. */
  public static String of(Throwable error) {
    if (error instanceof FileSystemException file && file.getFile() != null) {
      String reason = reason(file);
      if (reason != null) {
        return file.getFile() + ": " + reason;
      }
    }
    String message = error.getMessage();
    return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
  }

  private static @org.jspecify.annotations.Nullable String reason(FileSystemException error) {
    if (error.getReason() != null) {
      return error.getReason();
    }
    return switch (error) {
      case NoSuchFileException e -> "no such file or directory";
      case AccessDeniedException e -> "permission denied";
      case FileAlreadyExistsException e -> "exists already";
      case NotDirectoryException e -> "not a directory";
      case DirectoryNotEmptyException e -> "directory not empty";
      default -> null;
    };
  }
}
