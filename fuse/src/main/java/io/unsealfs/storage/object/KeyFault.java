package io.unsealfs.storage.object;

/** Why a key of a listing does not become a file. */
public enum KeyFault {
  /** Two slashes in a row, or one in front: a name would be empty. */
  EMPTY_NAME,
  /** A name is {@code .} or {@code ..}. */
  DOT_NAME,
  /** The key holds a NUL character. */
  NUL,
  /** A name is longer than a directory entry can be. */
  NAME_TOO_LONG,
  /** The key is longer than a store allows. */
  KEY_TOO_LONG,
  /** The key is no text: not UTF-8, or badly encoded. */
  UNREADABLE,
  /** The key does not begin with the prefix that was asked for. */
  OUTSIDE_PREFIX,
  /** The key was in the listing before. */
  DUPLICATE,
  /** The key ends in a slash, as directory markers do, but has content. */
  MARKER_WITH_CONTENT,
  /** The key is a file, and other keys make it a directory. */
  FILE_AND_DIRECTORY
}
