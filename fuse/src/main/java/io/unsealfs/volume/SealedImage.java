package io.unsealfs.volume;

import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;

/** An encrypted image whose header was read, and is not read again. One thread at a time. */
public interface SealedImage extends Closeable {

  /** What the header says; {@code header_digest} is of the very bytes that {@link #unlock} uses. */
  VolumeInfo info();

  /**
   * The plaintext. It takes over the ciphertext, and closing it drops the keys. After a {@link
   * WrongKeyException} another key may be tried.
   *
   * @throws VolumeFormatException if the header asks for more than the limits allow
   * @throws PinMismatchException if the header is not as its user demanded
   * @throws WrongKeyException if the key does not open it
   */
  Source unlock(VolumeKey key, VolumeContext context) throws IOException;

  /** Closes the ciphertext, unless the plaintext has it. */
  @Override
  void close() throws IOException;
}
