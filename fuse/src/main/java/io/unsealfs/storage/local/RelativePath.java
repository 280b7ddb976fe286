package io.unsealfs.storage.local;

import java.util.Arrays;

/** A path below a root as bytes: names separated by single slashes, empty for the root. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the bytes go to system calls
record RelativePath(byte[] bytes, int parentLength) {
  static final RelativePath ROOT = new RelativePath(new byte[0], 0);

  /** The entry {@code name} of this directory. */
  RelativePath child(byte[] name) {
    if (bytes.length == 0) {
      return new RelativePath(name.clone(), 0);
    }
    byte[] child = Arrays.copyOf(bytes, bytes.length + 1 + name.length);
    child[bytes.length] = '/';
    System.arraycopy(name, 0, child, bytes.length + 1, name.length);
    return new RelativePath(child, bytes.length);
  }

  /** The path of the directory this lies in. */
  byte[] parent() {
    return Arrays.copyOf(bytes, parentLength);
  }

  /** The last name. */
  byte[] lastName() {
    int from = parentLength == 0 ? 0 : parentLength + 1;
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }
}
