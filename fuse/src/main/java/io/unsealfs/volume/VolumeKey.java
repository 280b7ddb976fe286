package io.unsealfs.volume;

import io.unsealfs.os.LockedMemory;
import java.util.function.Function;

/**
 * What opens a volume: a passphrase or the volume's raw key. The bytes live in locked memory
 * outside the heap and are wiped by {@link #close}.
 */
public sealed interface VolumeKey extends AutoCloseable {

  /**
   * Lends the key bytes to {@code use} as an array that is wiped when it returns. The result must
   * not hold on to the array.
   *
   * @throws IllegalStateException if the key was closed
   */
  default <T> T use(Function<byte[], T> use) {
    return memory().use(use);
  }

  /** The bytes' home. */
  LockedMemory memory();

  @Override
  default void close() {
    memory().close();
  }

  /** Bytes for the format's key derivation function. */
  record Passphrase(LockedMemory memory) implements VolumeKey {
    @Override
    public String toString() {
      return "Passphrase";
    }
  }

  /** The volume's own key: gocryptfs' master key, a LUKS volume key. */
  record RawKey(LockedMemory memory) implements VolumeKey {
    @Override
    public String toString() {
      return "RawKey";
    }
  }
}
