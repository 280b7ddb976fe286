package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.key.KeyChainException;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.Secret;
import io.unsealfs.os.BootClock;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.volume.ImageFormat;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import io.unsealfs.volume.ext4.Ext4FileSystem;
import io.unsealfs.volume.image.ImageContent;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
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
  private static final String PLAIN_EXT = "ext4";

  private final Wiring wiring;
  private final SourceOptions source;
  private final KeyOptions keys;
  private final VolumeContext.@Nullable KeyUse keyOnly;
  private volatile @Nullable Release release;
  private volatile @Nullable Place bucket;

  VolumeOpening(Wiring wiring, SourceOptions source, KeyOptions keys) {
    this(wiring, source, keys, null);
  }

  private VolumeOpening(
      Wiring wiring,
      SourceOptions source,
      KeyOptions keys,
      VolumeContext.@Nullable KeyUse keyOnly) {
    this.wiring = wiring;
    this.source = source;
    this.keys = keys;
    this.keyOnly = keyOnly;
  }

  /**
   * For who wants the volume's key and nothing of its content: what lies inside an image is not
   * looked at.
   *
   * @param use told of each key that seems to open the volume; the last one does
   */
  static VolumeOpening forKey(
      Wiring wiring, SourceOptions source, KeyOptions keys, VolumeContext.KeyUse use) {
    return new VolumeOpening(wiring, source, keys, use);
  }

  /** What can be known without a key. */
  VolumeInfo info() throws IOException {
    if (isPlain()) {
      try (Place place = place();
          Source device = plainDevice(place);
          Source found = ImageContent.find(device, source.partitionNumber(), "not encrypted")) {
        return Ext4FileSystem.info(found);
      }
    }
    try (EncryptedSource found = find()) {
      return found.info();
    }
  }

  /**
   * Opens the volume over {@code cache}.
   *
   * @throws KeyChainException if several keys were tried and none opened it
   */
  Volume open(BlockCache cache, Consumer<MountState> progress) throws IOException {
    Pin pin = Pin.of(source.headerDigest);
    InsideImage inside = InsideImage.of(source);
    if (isPlain() && keyOnly != null) {
      throw new UsageException("--format ext4: what is not encrypted has no key to seal with");
    }
    if (isPlain()) {
      VolumeInfo info = new VolumeInfo(PLAIN_EXT, java.util.Map.of());
      pin.check(info);
      progress.accept(MountState.OPENING);
      try (Place place = place()) {
        return inside.open(plainDevice(place), "not encrypted", context(cache, 0, place));
      }
    }
    List<KeyReference> references = keys.references();
    AtomicLong askedNanos = new AtomicLong();
    try (LateSource late = new LateSource(this::find)) {
      if (!wiring.comesWithKey(source)) {
        pin.check(late.found().info());
      }
      progress.accept(MountState.ATTESTING);
      return wiring
          .keyFetch(keys)
          .withFirst(
              references,
              reference -> askedNanos.set(BootClock.nanos()),
              (reference, secret) -> {
                progress.accept(MountState.OPENING);
                Pin released = pin.and(secret.terms());
                wiring.takeStoreCredentials(secret.terms());
                EncryptedSource found = late.found();
                VolumeContext context =
                    context(cache, source.kdfMemoryBytes(found.usualKdfMemory()), found.place());
                try (VolumeKey key = volumeKey(secret, reference.reading())) {
                  return sealed(
                      found.place(),
                      found.open(
                          key,
                          context,
                          info -> {
                            // the header that is really used, which need not be the one looked at
                            // before
                            released.check(info);
                            release =
                                new Release(reference, secret.terms(), askedNanos.get(), pin, info);
                          }));
                }
              },
              WrongKeyException.class::isInstance);
    }
  }

  /** The volume, unless its place goes by what somebody else sealed. */
  private static Volume sealed(Place place, Volume volume) throws IOException {
    boolean done = false;
    try {
      place.requireSealed();
      done = true;
      return volume;
    } finally {
      if (!done) {
        volume.close();
      }
    }
  }

  private VolumeContext context(BlockCache cache, long kdfMemoryBytes, Place place) {
    VolumeContext.KeyUse also = keyOnly;
    return new VolumeContext(
        cache,
        new VolumeLimits(kdfMemoryBytes, Math.max(1, kdfMemoryBytes / 32)),
        warning -> LOG.log(System.Logger.Level.WARNING, warning),
        place.unauthenticated(),
        volumeKey -> {
          place.opened().use(volumeKey);
          if (also != null) {
            also.use(volumeKey);
          }
        });
  }

  /**
   * Whether the source is an image that is not encrypted. Only who says so gets it: taken for what
   * it looks like, an image of the host's making would be shown in place of the encrypted one.
   */
  private boolean isPlain() {
    return PLAIN_EXT.equals(source.format);
  }

  /** Where the volume lies; the caller closes it. */
  Place place() throws IOException {
    if (!source.isInBucket()) {
      if (source.object.manifest != null || source.object.manifestDigest != null) {
        throw new UsageException(
            "--manifest: "
                + source.source
                + " is on this machine, and manifests are for s3:// and oss:// sources");
      }
      return LocalPlace.of(source.source);
    }
    Place place = wiring.bucket(source);
    bucket = place;
    return place;
  }

  private static Source plainDevice(Place place) throws IOException {
    if (!place.isFile()) {
      throw new VolumeFormatException(place + ": a directory, and an image is one file");
    }
    place.refuseCopies();
    return place.file();
  }

  private EncryptedSource find() throws IOException {
    Place place = place();
    boolean done = false;
    try {
      EncryptedSource found = place.isFile() ? image(place) : directory(place);
      done = true;
      return found;
    } finally {
      if (!done) {
        place.close();
      }
    }
  }

  private EncryptedSource directory(Place place) throws IOException {
    if (source.raw || source.partition != null || source.header != null) {
      throw new UsageException(
          "--raw, --partition and --header are for image files; " + place + " is none");
    }
    try (FileTree tree = place.tree()) {
      for (VolumeFormat format : wiring.formats()) {
        if (source.format == null ? format.probe(tree) : format.name().equals(source.format)) {
          place.trustFormat();
          return TreeSource.of(place, format, tree);
        }
      }
    }
    throw unknown("no volume of a known format (a gocryptfs volume has a gocryptfs.conf)");
  }

  private EncryptedSource image(Place place) throws IOException {
    Optional<Source> header = Optional.empty();
    Source data = place.file();
    boolean taken = false;
    try {
      header = source.header == null ? header : Optional.of(LocalFile.open(source.header));
      for (ImageFormat format : wiring.imageFormats(source.luks.options())) {
        if (source.format == null
            ? format.probe(header.orElse(data))
            : format.name().equals(source.format)) {
          taken = true;
          return new ImageSource(
              format.read(data, header),
              keyOnly == null ? InsideImage.of(source) : InsideImage.whole(source),
              place);
        }
      }
      throw unknown(
          Ext4FileSystem.probe(data)
              ? "a file system that is not encrypted; --format ext4 shows it all the same"
              : "no image of a known format (LUKS images are read)");
    } finally {
      if (!taken) {
        data.close();
        if (header.isPresent()) {
          header.get().close();
        }
      }
    }
  }

  private IOException unknown(String what) {
    return source.format == null || wiring.knowsFormat(source.format)
        ? new VolumeFormatException(source.source + ": " + what)
        : new UsageException("--format " + source.format + ": not a format this version reads");
  }

  /** Whether every byte of ciphertext is compared with a manifest. */
  boolean isPinned() {
    Place known = bucket;
    return known != null && known.isPinned();
  }

  /** The bucket that the volume was opened in, if it was in one. */
  Optional<Place> bucket() {
    return Optional.ofNullable(bucket);
  }

  /** The release of the key that {@link #open} used; empty where the source is not encrypted. */
  Optional<Release> release() {
    return Optional.ofNullable(release);
  }

  /** The secret as the key of a volume; the caller closes it. */
  static VolumeKey volumeKey(Secret secret, KeyReading reading) {
    LockedMemory copy = secret.use(LockedMemory::copyOf);
    return reading == KeyReading.MASTERKEY
        ? new VolumeKey.RawKey(copy)
        : new VolumeKey.Passphrase(copy);
  }
}
