package io.unsealfs.mount;

import java.util.Locale;

/** The FUSE operations that reach {@link FuseAdapter}; names for logs and metrics. */
public enum Operation {
  /** Handshake with the kernel. */
  INIT,
  /** End of the session. */
  DESTROY,
  /** Finding a name in a directory. */
  LOOKUP,
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
  STATFS,
  /** The kernel lets go of nodes. */
  FORGET,
  /** Somebody who waits for a request was interrupted by a signal. */
  INTERRUPT,
  /** What is answered without asking the tree. */
  OTHER;

  /** The name in lower case. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
