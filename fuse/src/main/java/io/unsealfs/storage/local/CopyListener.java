package io.unsealfs.storage.local;

import java.io.IOException;

/** Hears how the copy of a tree goes on. */
public interface CopyListener {

  /**
   * Plaintext bytes were copied. Called often and by several threads at once; has to be fast and
   * thread-safe.
   *
   * @param plaintextBytes bytes since the last call, not the sum
   */
  void copied(long plaintextBytes);

  /**
   * An object is damaged and not among what was copied; the rest goes on. One call at a time.
   *
   * @param location ciphertext path
   * @param plaintextPath path within the tree as text for people
   */
  void failed(String location, String plaintextPath, IOException why);

  /**
   * Something was left out or kept differently, which is no failure: a socket, a device, an
   * attribute the file system does not take. One call at a time.
   *
   * @param plaintextPath path within the tree as text for people
   * @param what what is different, and why
   */
  void noticed(String plaintextPath, String what);
}
