package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.key.KeyChainException;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.Secret;
import io.unsealfs.os.BootClock;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * From command-line words to an open volume: finds source and format, then tries the keys in order,
 * until one opens it. Cheap refusals come first: a malformed header is refused before any key
 * service is asked.
 */
final class VolumeOpening {
  private static final System.Logger LOG = System.getLogger(VolumeOpening.class.getName());

  private final Wiring wiring;
  private final SourceOptions source;
  private final KeyOptions keys;
  private volatile @Nullable Release release;

  VolumeOpening(Wiring wiring, SourceOptions source, KeyOptions keys) {
    this.wiring = wiring;
    this.source = source;
    this.keys = keys;
  }

  /** The ciphertext tree behind SOURCE. */
  FileTree openSource() throws IOException {
    String text = source.source;
    if (text.startsWith("oss://") || text.startsWith("s3://")) {
      throw new VolumeFormatException(
          text + ": object stores are not read by this version; give a directory");
    }
    Path path = Path.of(text);
    if (Files.isRegularFile(path)) {
      throw new VolumeFormatException(
          text + ": an image file; this version reads gocryptfs directories");
    }
    if (!Files.exists(path)) {
      throw new NoSuchFileException(text);
    }
    return LocalTree.open(path);
  }

  /** The format named, or the one whose marks the tree shows. */
  VolumeFormat format(FileTree ciphertextTree) throws IOException {
    if (source.format != null) {
      return wiring.formats().stream()
          .filter(format -> format.name().equals(source.format))
          .findFirst()
          .orElseThrow(() ->
              new UsageException(
                  "--format " + source.format + ": not a format this version reads"));
    }
    for (VolumeFormat format : wiring.formats()) {
      if (format.probe(ciphertextTree)) {
        return format;
      }
    }
    throw new VolumeFormatException(
        source.source
            + ": no volume of a known format (a gocryptfs volume has a gocryptfs.conf in its root)");
  }

  /**
   * Opens the volume over {@code cache}.
   *
   * @throws KeyChainException if several keys were tried and none opened it
   */
  Volume open(BlockCache cache, Consumer<MountState> progress) throws IOException {
    List<KeyReference> references = keys.references();
    Pin pin = Pin.of(source.headerDigest);
    VolumeFormat format;
    try (FileTree tree = openSource()) {
      format = format(tree);
      pin.check(format.info(tree));
    }
    VolumeContext context =
        new VolumeContext(
            cache,
            new VolumeLimits(source.kdfMemory.bytes(), Math.max(1, source.kdfMemory.bytes() / 32)),
            warning -> LOG.log(System.Logger.Level.WARNING, warning));
    progress.accept(MountState.ATTESTING);
    AtomicLong askedNanos = new AtomicLong();
    return wiring
        .keyFetch(keys)
        .withFirst(
            references,
            reference -> askedNanos.set(BootClock.nanos()),
            (reference, secret) -> {
              progress.accept(MountState.OPENING);
              Pin released = pin.and(secret.terms());
              try (VolumeKey key = volumeKey(secret, reference.reading())) {
                Volume volume = format.open(openSource(), key, context);
                try {
                  // the header that was really used, which need not be the one looked at before
                  released.check(volume.info());
                  release =
                      new Release(reference, secret.terms(), askedNanos.get(), pin, volume.info());
                } catch (IOException e) {
                  volume.close();
                  throw e;
                }
                return volume;
              }
            },
            WrongKeyException.class::isInstance);
  }

  /** The release of the key that {@link #open} used; it has to have come back. */
  Release release() {
    Release last = release;
    if (last == null) {
      throw new IllegalStateException("nothing was opened");
    }
    return last;
  }

  /** The secret as the key of a volume; the caller closes it. */
  static VolumeKey volumeKey(Secret secret, KeyReading reading) {
    LockedMemory copy = secret.use(LockedMemory::copyOf);
    return reading == KeyReading.MASTERKEY
        ? new VolumeKey.RawKey(copy)
        : new VolumeKey.Passphrase(copy);
  }
}
