package io.unsealfs.volume;

import io.unsealfs.storage.FileTree;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.Consumer;

/** An open volume. {@link #close} drops its keys and closes the ciphertext. */
public interface Volume extends Closeable {

  /** The plaintext. */
  FileTree tree();

  /** What the header says. */
  VolumeInfo info();

  /**
   * Reads everything and reports each damage the format makes visible.
   *
   * @return what was looked at
   * @throws IOException only if the storage fails as a whole
   */
  CheckSummary check(Consumer<Finding> findings, Consumer<Long> plaintextBytesRead)
      throws IOException;

  /**
   * What {@link #check} went through.
   *
   * @param files regular files read to their end
   * @param directories directories listed
   * @param others links, FIFOs and the rest
   * @param plaintextBytes bytes of content authenticated
   * @param findings damages reported
   */
  record CheckSummary(
      long files, long directories, long others, long plaintextBytes, long findings) {}
}
