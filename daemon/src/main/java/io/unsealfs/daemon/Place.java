package io.unsealfs.daemon;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.chunk.ChunkFigures;
import io.unsealfs.storage.object.Cancellation;
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

  /** What every format lends its key for. */
  default VolumeContext.KeyUse opened() {
    return VolumeContext.KeyUse.NONE;
  }

  /**
   * Looks, after the format lent its key, whether what the place goes by was sealed with it.
   *
   * @throws io.unsealfs.volume.PinMismatchException if not
   */
  default void requireSealed() throws IOException {}

  /** Whether every byte is compared with what is known of it beforehand. */
  default boolean isPinned() {
    return false;
  }

  /** Says that the content is not encrypted. */
  default void refuseCopies() throws IOException {}

  /** Bytes of ciphertext from elsewhere that may be kept on this machine's disk; 0 for none. */
  default long copyBytes() {
    return 0;
  }

  /**
   * Looks again at what is there. What was handed on shows it from then on, unless this throws.
   *
   * @throws IOException if it could not be looked at
   */
  default Refreshed refresh(Cancellation cancellation) throws IOException {
    return Refreshed.same();
  }

  /** What was fetched so far, where something is. */
  default Optional<ChunkFigures> figures() {
    return Optional.empty();
  }

  /** What was listed, where something was. */
  default Optional<MountStatus.Listing> listing() {
    return Optional.empty();
  }

  /** How often single objects were looked up. */
  default MountStatus.Heads heads() {
    return new MountStatus.Heads(0, 0, 0, 0);
  }

  /** How the credentials stand that it is read with. */
  default MountStatus.Credentials credentials() {
    return new MountStatus.Credentials(Optional.empty(), 0, 0);
  }

  /** Gives memory back, or takes it again: a share of what it has, 0 to 1. */
  default void resize(double share) {}
}
