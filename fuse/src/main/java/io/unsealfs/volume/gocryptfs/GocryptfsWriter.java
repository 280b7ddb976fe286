package io.unsealfs.volume.gocryptfs;

import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.CopySummary;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.local.StagedCopy;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.storage.local.TargetPaths;
import io.unsealfs.storage.local.TreeEncoding;
import io.unsealfs.volume.VolumeKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * Encrypts a directory into a new gocryptfs volume with the default parameters of gocryptfs 2.4,
 * without FUSE. Kept: names as bytes, hard links, symbolic links, FIFOs, modes, times, extended
 * attributes {@code user.*} (encrypted), POSIX ACLs (in clear, as gocryptfs does) and, as root,
 * numeric owners. Sockets and devices are left out with a notice; other attributes silently. Holes
 * become encrypted zeros.
 *
 * <p>A passphrase wraps a random master key. A {@link VolumeKey.RawKey} of 32 bytes becomes the
 * master key itself; no passphrase opens such a volume (gocryptfs: {@code -masterkey}).
 */
public final class GocryptfsWriter {
  private static final int CONFIG_MODE = 0400;
  private static final byte[] CONFIG_NAME =
      GocryptfsConfig.FILE_NAME.getBytes(StandardCharsets.US_ASCII);

  /**
   * How to encrypt.
   *
   * @param plaintextNames whether names and link targets stay readable
   * @param scryptLogN base-2 logarithm of scrypt's N, 10 to 28; needs {@code 2^(10 + scryptLogN)}
   *     bytes of heap once
   * @param parallelism threads that encrypt content, 1 to 256
   */
  public record Options(boolean plaintextNames, int scryptLogN, int parallelism) {
    /** What gocryptfs takes where nothing else is said. */
    public static final int DEFAULT_SCRYPT_LOG_N = 16;

    private static final int MIN_SCRYPT_LOG_N = 10;
    private static final int MAX_SCRYPT_LOG_N = 28;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if {@code scryptLogN} is out of its range
     */
    public Options {
      if (scryptLogN < MIN_SCRYPT_LOG_N || scryptLogN > MAX_SCRYPT_LOG_N) {
        throw new IllegalArgumentException(
            "scrypt N is given as its base-2 logarithm, 10 to 28, not " + scryptLogN);
      }
    }

    /** Encrypted names, N of 65536, one thread for each processor. */
    public static Options defaults() {
      return new Options(
          false, DEFAULT_SCRYPT_LOG_N, Math.min(16, Runtime.getRuntime().availableProcessors()));
    }
  }

  private final Options options;
  private final CopyListener listener;
  private final StopSwitch stop;

  /**
   * A writer.
   *
   * @param stop ends the work early; then nothing is left behind
   */
  public GocryptfsWriter(Options options, CopyListener listener, StopSwitch stop) {
    this.options = options;
    this.listener = listener;
    this.stop = stop;
  }

  /**
   * Encrypts the directory {@code source} into the new directory {@code target}. It is filled under
   * a temporary name beside its place and renamed at the end: on any failure there is no target.
   *
   * @throws java.nio.file.FileAlreadyExistsException if the target exists
   * @throws java.nio.file.FileSystemException if one lies inside the other, or the source has what
   *     a volume cannot hold
   * @throws java.nio.file.NoSuchFileException if the source, or the target's parent, is not there
   * @throws io.unsealfs.storage.StaleSourceException if a file changed while it was read
   * @throws io.unsealfs.storage.StorageException if the source cannot be read or the target not
   *     written
   * @throws io.unsealfs.volume.WrongKeyException if the key is empty or no master key
   * @throws io.unsealfs.volume.VolumeFormatException if scrypt needs more memory than there is
   * @throws java.io.InterruptedIOException if it was stopped
   */
  public CopySummary encrypt(Path source, Path target, VolumeKey key) throws IOException {
    try (LocalTree tree = LocalTree.open(source)) {
      TargetPaths.requireApart(source, target);
      return encrypt(tree, target, key);
    }
  }

  /** As {@link #encrypt(Path, Path, VolumeKey)}, for a tree from anywhere; it stays open. */
  public CopySummary encrypt(FileTree source, Path target, VolumeKey key) throws IOException {
    return StagedCopy.create(
        source,
        target,
        root -> begin(root, source.root().attributes(), key),
        options.parallelism(),
        listener,
        stop);
  }

  private TreeEncoding begin(OutputDirectory root, Attributes owner, VolumeKey key)
      throws IOException {
    SecureRandom random = new SecureRandom();
    NewVolume volume =
        NewVolume.create(key, options.plaintextNames(), options.scryptLogN(), random);
    TreeEncoding encoding = new VolumeEncoding(volume, random);
    boolean begun = false;
    try {
      root.createFile(CONFIG_NAME, ConfigText.of(volume.config(), volume.flags()), CONFIG_MODE);
      giveTo(owner, root);
      begun = true;
      return encoding;
    } finally {
      if (!begun) {
        encoding.close();
      }
    }
  }

  /** Whoever owns the tree has to be able to read the config, which nobody else may. */
  private static void giveTo(Attributes owner, OutputDirectory root) throws SystemCallException {
    if (OutputDirectory.effectiveUser() != 0) {
      return;
    }
    try {
      root.entryOwner(CONFIG_NAME, owner.uid(), owner.gid());
    } catch (SystemCallException e) {
      // The copy says of every object whose owner cannot be set.
      if (e.errno() != ErrorNumber.EPERM && e.errno() != ErrorNumber.EINVAL) {
        throw e;
      }
    }
  }
}
