package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.local.StagedFile;
import io.unsealfs.storage.local.TargetPaths;
import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestKey;
import io.unsealfs.storage.manifest.ManifestMaker;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs manifest}. */
@Command(
    name = "manifest",
    description =
        "Reads all ciphertext of a volume and writes a manifest of it, sealed with the volume's"
            + " key: names, sizes and digests, which a mount of a copy in a bucket is held to with"
            + " --manifest. Prints the manifest's digest.")
final class ManifestCommand implements Callable<Integer> {
  private static final int WRITE_BYTES = 1 << 20;

  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(index = "1", paramLabel = "OUT", description = "Where to; must not exist yet.")
  Path target = Path.of("");

  @Option(names = "--force", description = "Replace OUT if it exists.")
  boolean force;

  @Mixin KeyOptions keys = new KeyOptions();

  ManifestCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    // before a key service is asked, and before hours of reading
    if (!force && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "exists already; --force replaces it");
    }
    if (!source.isInBucket() && Files.exists(Path.of(source.source))) {
      TargetPaths.requireApart(Path.of(source.source), target);
    }
    AtomicReference<@Nullable ManifestKey> sealing = new AtomicReference<>();
    VolumeOpening opening =
        VolumeOpening.forKey(
            wiring, source, keys, volumeKey -> replace(sealing, ManifestKey.derive(volumeKey)));
    try {
      open(opening);
      ManifestKey key = sealing.get();
      if (key == null) {
        throw new IllegalStateException("a volume that was opened without a key");
      }
      make(opening, key);
      return ExitCode.DONE.status();
    } finally {
      replace(sealing, null);
    }
  }

  private static void replace(
      AtomicReference<@Nullable ManifestKey> held, @Nullable ManifestKey next) {
    ManifestKey before = held.getAndSet(next);
    if (before != null) {
      before.close();
    }
  }

  /** Has the volume say its key, and closes it again. */
  private void open(VolumeOpening opening) throws IOException {
    try (BlockCache cache = wiring.blockCache(new ReadingOptions());
        Volume _ = opening.open(cache, state -> {})) {
      return;
    }
  }

  private void make(VolumeOpening opening, ManifestKey key) throws IOException {
    // found out before hours of reading; made anew at the end, so that a stop leaves nothing
    staged().close();
    try (Place place = opening.place();
        Progress progress = Progress.of("manifest");
        ManifestMaker maker = new ManifestMaker(progress::add)) {
      if (place.isFile()) {
        maker.add(place.file());
      } else {
        try (FileTree tree = place.tree()) {
          maker.add(tree);
        }
      }
      byte[] manifest = maker.finish(Instant.now().getEpochSecond(), key);
      try (StagedFile file = staged()) {
        write(file, manifest);
        file.publish();
      }
      progress.finish();
      System.out.println(Manifest.parse(manifest).digest());
      System.err.printf(
          "unsealfs: %d objects of %d bytes in %s, a manifest of %d bytes; left out: %d links and"
              + " names that a bucket has no place for%n",
          maker.objects(), maker.bytes(), target, manifest.length, maker.leftOut());
    }
  }

  private StagedFile staged() throws IOException {
    return force ? StagedFile.createOver(target) : StagedFile.create(target);
  }

  private static void write(StagedFile file, byte[] content) throws IOException {
    ByteBuffer piece = ByteBuffer.allocateDirect(WRITE_BYTES);
    for (int at = 0; at < content.length; at += WRITE_BYTES) {
      int count = Math.min(WRITE_BYTES, content.length - at);
      file.write(piece.clear().put(content, at, count).flip(), at);
    }
  }
}
