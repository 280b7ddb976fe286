package io.unsealfs.mount;

import io.unsealfs.storage.Name;

/** A plaintext path below the mount point; made into text only when a report needs it. */
@FunctionalInterface
public interface PathText {

  /** The path as text for people, {@code /} for the root. */
  String text();

  /** The text of a path that is there as bytes. */
  static PathText of(byte[] path) {
    return () -> Name.of(path).toString();
  }
}
