package io.unsealfs.volume.gocryptfs;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.Eme;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * The tweaks that names are encrypted with, one per directory. Each is read once for as long as the
 * storage shows the same files.
 */
final class DirectoryTweaks {
  static final Name FILE_NAME = Name.of("gocryptfs.diriv");

  /** Left by an interrupted rmdir, followed by decimal digits. */
  static final Name REMOVED_PREFIX = Name.of("gocryptfs.diriv.rmdir.");

  private static final int MAX_CACHED = 1 << 16;

  private final FileTree ciphertext;
  private final boolean perDirectory;

  /** A directory at a time. */
  private record Directory(long fileId, long generation) {}

  private final Cache<Directory, byte[]> cache =
      Caffeine.newBuilder().maximumSize(MAX_CACHED).executor(Runnable::run).build();

  /**
   * The tweaks of a volume.
   *
   * @param perDirectory false for deterministic names, all with a tweak of zeros
   */
  DirectoryTweaks(FileTree ciphertext, boolean perDirectory) {
    this.ciphertext = ciphertext;
    this.perDirectory = perDirectory;
  }

  /**
   * The tweak of the entries of a directory; not to be changed.
   *
   * @throws IntegrityException if its tweak file is missing or damaged
   */
  byte[] of(Node storedDirectory) throws IOException {
    if (!perDirectory) {
      return NameCipher.deterministicTweak();
    }
    Directory id = new Directory(storedDirectory.attributes().fileId(), ciphertext.generation());
    byte[] tweak = cache.getIfPresent(id);
    if (tweak == null) {
      tweak = read(storedDirectory);
      cache.put(id, tweak);
    }
    return tweak;
  }

  private byte[] read(Node storedDirectory) throws IOException {
    byte[] tweak;
    try {
      tweak =
          SmallFile.read(ciphertext, storedDirectory, FILE_NAME, Eme.TWEAK_SIZE, Eme.TWEAK_SIZE);
    } catch (NoSuchFileException e) {
      throw new IntegrityException(
          storedDirectory.location() + ": " + FILE_NAME + " is missing, its names are lost", e);
    }
    for (byte b : tweak) {
      if (b != 0) {
        return tweak;
      }
    }
    throw new IntegrityException(
        storedDirectory.location() + ": " + FILE_NAME + " is all zeros, its names are lost");
  }
}
