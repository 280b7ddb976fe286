package io.unsealfs.volume;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.util.Optional;

/**
 * An encrypted format that is kept in one file and holds the image of a disk. What lies on that
 * disk, a file system or something else, is not its business. Stateless.
 */
public interface ImageFormat {

  /** The word of the command line: {@code luks}. */
  String name();

  /** Whether {@code file} begins like a header of this format. Cheap. */
  boolean probe(Source file) throws IOException;

  /**
   * Reads the header, once: whatever is decided later is decided on the bytes read here. Takes over
   * both sources, also when it throws.
   *
   * @param data the encrypted file
   * @param detachedHeader where the header is kept, if not in {@code data}
   * @throws VolumeFormatException if the header is not one this implementation reads
   */
  SealedImage read(Source data, Optional<Source> detachedHeader) throws IOException;
}
