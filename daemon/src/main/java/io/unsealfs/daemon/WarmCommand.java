package io.unsealfs.daemon;

import io.unsealfs.block.Preload;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs warm}. */
@Command(
    name = "warm",
    description =
        "Brings the ciphertext of files from a bucket into --chunk-cache-dir, as far as it has"
            + " room, without mounting or decrypting it.")
final class WarmCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "GLOB",
      description = "Files whose path matches (default: all).")
  String glob = "**";

  @Mixin KeyOptions keys = new KeyOptions();

  WarmCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!source.isInBucket()) {
      throw new UsageException(
          "warm " + source.source + ": is on this machine already; name an s3:// or oss:// source");
    }
    if (source.object.chunkCache().isEmpty()) {
      throw new UsageException("warm: say with --chunk-cache-dir where to");
    }
    Predicate<String> wanted = PathGlob.of("GLOB", glob);
    try (OpenedVolume opened = OpenedVolume.open(wiring, source, keys)) {
      long room = opened.bucket().map(Place::copyBytes).orElse(0L);
      if (room == 0) {
        return ExitCode.STORAGE_FAILED.status(); // said already
      }
      Ending ending = new Ending();
      try (Preload warming = Preload.toDisk(opened.volume().tree(), wanted, room, ending)) {
        warming.await();
      }
      return ending.report();
    }
  }

  /** Keeps what a warm-up came to. Told in another thread, read after that has ended. */
  private static final class Ending implements Preload.Listener {
    private Preload.@Nullable Progress came;
    private Preload.@Nullable End end;
    private @Nullable Throwable failure;

    @Override
    public void loaded(Preload.Progress progress) {}

    @Override
    public void finished(Preload.Progress progress, Preload.End how, @Nullable Throwable why) {
      came = progress;
      end = how;
      failure = why;
    }

    int report() throws IOException {
      if (failure instanceof IOException e) {
        throw e;
      }
      if (failure != null) {
        throw new IllegalStateException("the warm-up failed", failure);
      }
      Preload.Progress progress = Objects.requireNonNull(came);
      System.err.printf(
          "unsealfs: %d files, %d bytes of ciphertext looked after; %d files could not be read%s%n",
          progress.files(),
          progress.plaintextBytes(),
          progress.failedFiles(),
          end == Preload.End.FULL ? "; the rest does not fit (--chunk-cache-size)" : "");
      return (progress.failedFiles() == 0 ? ExitCode.DONE : ExitCode.STORAGE_FAILED).status();
    }
  }
}
