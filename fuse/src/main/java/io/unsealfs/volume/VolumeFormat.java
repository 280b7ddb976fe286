package io.unsealfs.volume;

import io.unsealfs.storage.FileTree;
import java.io.IOException;

/** An encrypted format that is kept in a directory tree. Stateless. */
public interface VolumeFormat {

  /** The word of the command line: {@code gocryptfs}. */
  String name();

  /** Whether {@code ciphertextTree} looks like a volume of this format. Cheap. */
  boolean probe(FileTree ciphertextTree) throws IOException;

  /**
   * Opens the volume. Takes over {@code ciphertextTree}, also when it throws, and {@code key} stays
   * the caller's.
   *
   * @throws VolumeFormatException if the header is not one this implementation reads
   * @throws WrongKeyException if the key does not open it
   */
  Volume open(FileTree ciphertextTree, VolumeKey key, VolumeContext context) throws IOException;

  /** What can be known without a key. */
  VolumeInfo info(FileTree ciphertextTree) throws IOException;
}
