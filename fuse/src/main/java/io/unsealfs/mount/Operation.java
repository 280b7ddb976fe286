package io.unsealfs.mount;

import java.util.Locale;

/** The FUSE operations that reach {@link FuseAdapter}; names for logs and metrics. */
public enum Operation {
  /** Handshake with the kernel. */
  INIT,
  /** End of the session. */
  DESTROY,
  /** stat(2). */
  GETATTR,
  /** readlink(2). */
  READLINK,
  /** open(2) of a regular file. */
  OPEN,
  /** read(2) and page faults of mappings. */
  READ,
  /** Last close of an open file. */
  RELEASE,
  /** opendir(3). */
  OPENDIR,
  /** getdents(2). */
  READDIR,
  /** closedir(3). */
  RELEASEDIR,
  /** getxattr(2). */
  GETXATTR,
  /** listxattr(2). */
  LISTXATTR,
  /** statfs(2). */
  STATFS;

  /** The name in lower case. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
