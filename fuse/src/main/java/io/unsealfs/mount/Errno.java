package io.unsealfs.mount;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.manifest.ManifestException;
import io.unsealfs.storage.object.StoreDeniedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one table from exception type to errno (Linux numbers, positive). A type that is not listed
 * counts as its nearest listed superclass; what has none (a changed pin, a format's own errors) is
 * {@link #EIO}.
 */
public final class Errno {
  /** No such file or directory. */
  public static final int ENOENT = 2;

  /** Interrupted by a signal. */
  public static final int EINTR = 4;

  /** Input/output error. */
  public static final int EIO = 5;

  /** Bad file descriptor. */
  public static final int EBADF = 9;

  /** Try again. */
  public static final int EAGAIN = 11;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Device or resource busy. */
  public static final int EBUSY = 16;

  /** Not a directory. */
  public static final int ENOTDIR = 20;

  /** Is a directory. */
  public static final int EISDIR = 21;

  /** Invalid argument. */
  public static final int EINVAL = 22;

  /** Read-only file system. */
  public static final int EROFS = 30;

  /** Result too large for the buffer. */
  public static final int ERANGE = 34;

  /** File name too long. */
  public static final int ENAMETOOLONG = 36;

  /** Not implemented. */
  public static final int ENOSYS = 38;

  /** No such extended attribute. */
  public static final int ENODATA = 61;

  /** The file is no longer the one that was opened. */
  public static final int ESTALE = 116;

  /** The key has expired. */
  public static final int EKEYEXPIRED = 127;

  /** The key has been revoked. */
  public static final int EKEYREVOKED = 128;

  /**
   * One row.
   *
   * @param errno number
   * @param fault whether the data behind the request is to blame, not the request
   */
  private record Row(int errno, boolean fault) {
    static Row asked(int errno) {
      return new Row(errno, false);
    }

    static Row fault(int errno) {
      return new Row(errno, true);
    }
  }

  private static final Row UNLISTED = Row.fault(EIO);

  private static final Map<Class<? extends IOException>, Row> TABLE =
      Map.ofEntries(
          Map.entry(NoSuchFileException.class, Row.asked(ENOENT)),
          Map.entry(NotDirectoryException.class, Row.asked(ENOTDIR)),
          Map.entry(IllegalNodeException.class, Row.asked(EINVAL)),
          Map.entry(NameTooLongException.class, Row.asked(ENAMETOOLONG)),
          Map.entry(NoSuchAttributeException.class, Row.asked(ENODATA)),
          Map.entry(InterruptedIOException.class, Row.asked(EINTR)),
          Map.entry(StoreDeniedException.class, Row.fault(EACCES)),
          // said once, when it happens, and not for each who asks afterwards
          Map.entry(KeyExpiredException.class, Row.asked(EKEYEXPIRED)),
          Map.entry(KeyRevokedException.class, Row.asked(EKEYREVOKED)),
          Map.entry(AccessDeniedException.class, Row.fault(EACCES)),
          Map.entry(IntegrityException.class, Row.fault(EIO)),
          Map.entry(ManifestException.class, Row.fault(EIO)),
          Map.entry(StaleSourceException.class, Row.fault(ESTALE)),
          Map.entry(StorageException.class, Row.fault(EIO)));

  private Errno() {}

  /**
   * The errno for a failed operation.
   *
   * @param kind what the operation was asked of, null if it was not found
   */
  public static int of(Operation operation, @Nullable NodeKind kind, IOException cause) {
    if (cause instanceof IllegalNodeException
        && kind == NodeKind.DIRECTORY
        && operation != Operation.READLINK) {
      return EISDIR;
    }
    return row(cause.getClass()).errno;
  }

  /** Whether the data behind the request is to blame, so that someone should hear of it. */
  public static boolean isFault(IOException cause) {
    return row(cause.getClass()).fault;
  }

  /** Whether the table has a row for {@code type} or one of its superclasses. */
  public static boolean lists(Class<? extends IOException> type) {
    return nearest(type) != null;
  }

  private static Row row(Class<?> type) {
    Row row = nearest(type);
    return row == null ? UNLISTED : row;
  }

  private static @Nullable Row nearest(Class<?> type) {
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      Row row = TABLE.get(c);
      if (row != null) {
        return row;
      }
    }
    return null;
  }
}
