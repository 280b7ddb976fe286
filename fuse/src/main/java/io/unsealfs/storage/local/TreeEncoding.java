package io.unsealfs.storage.local;

import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.OutputFile;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link TreeCopy} writes for what it reads: the same for an export, ciphertext for a new
 * volume. Thread-safe. Every {@link io.unsealfs.os.SystemCallException} it lets through is taken
 * for a failure to write.
 */
public interface TreeEncoding extends AutoCloseable {

  /**
   * The names of one new directory.
   *
   * @param created the directory, still empty; what belongs to every directory is written here
   */
  NameEncoding names(OutputDirectory created) throws IOException;

  /**
   * The stored form of a symbolic link's target.
   *
   * @param path plaintext path of the link, for errors
   */
  byte[] linkTarget(byte[] target, String path) throws IOException;

  /** The stored form of an extended attribute; null if it is not kept. */
  @Nullable StoredAttribute attribute(byte[] name, byte[] value) throws IOException;

  /**
   * The content of one new file.
   *
   * @param file the file, still empty
   * @param plaintextSize bytes that will be written
   */
  FileEncoding file(OutputFile file, long plaintextSize) throws IOException;

  /** Drops what the encoding holds, such as keys; nothing is written any more. */
  @Override
  default void close() {}

  /** Names of one directory. Used by one thread. */
  interface NameEncoding {

    /**
     * Chooses the stored name for {@code plaintextName} and writes into {@code directory} what has
     * to lie beside the entry. The entry itself is the caller's.
     *
     * @param plaintextName 1 to 255 bytes, neither slash nor NUL, not dots
     */
    byte[] store(OutputDirectory directory, byte[] plaintextName) throws IOException;
  }

  /** Content of one file. Threads write different chunks side by side, in no order. */
  interface FileEncoding {

    /**
     * Writes {@code chunk.length()} plaintext bytes that belong at {@code plaintextOffset}, a
     * multiple of {@link TransferChunk#CAPACITY}. Only the last chunk of a file is short.
     */
    void write(long plaintextOffset, TransferChunk chunk) throws IOException;

    /** Called once after all chunks. */
    void finish() throws IOException;
  }

  /**
   * An extended attribute as it is stored.
   *
   * @param name with its namespace
   */
  @SuppressWarnings("ArrayRecordComponent") // carries bytes, is never compared
  record StoredAttribute(byte[] name, byte[] value) {}
}
