package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.chunk.ChunkFigures;
import io.unsealfs.volume.VolumeContext;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/**
 * Where the ciphertext lies: a directory or file of this machine, or a prefix or object of a
 * bucket. Closing it lets go of what was not handed on.
 */
interface Place extends Closeable {

  /** What it is called, for people. */
  @Override
  String toString();

  /** Whether it is one file, such as an image. */
  boolean isFile();

  /** The bytes of the file, once; the caller closes them. */
  Source file() throws IOException;

  /** The directory, once more; the caller closes it. */
  FileTree tree() throws IOException;

  /** Says that the format finds forged content by itself. */
  default void trustFormat() {}

  /** What a format that finds none lends its key for. */
  default VolumeContext.KeyUse unauthenticated() {
    return VolumeContext.KeyUse.NONE;
  }

  /** Says that the content is not encrypted. */
  default void refuseCopies() throws IOException {}

  /** Bytes of ciphertext from elsewhere that may be kept on this machine's disk; 0 for none. */
  default long copyBytes() {
    return 0;
  }

  /** What was fetched so far, where something is. */
  default Optional<ChunkFigures> figures() {
    return Optional.empty();
  }

  /** Gives memory back, or takes it again: a share of what it has, 0 to 1. */
  default void resize(double share) {}
}
