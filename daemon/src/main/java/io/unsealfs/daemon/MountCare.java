package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.CacheFigures;
import io.unsealfs.block.Preload;
import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.mount.Mount;
import io.unsealfs.storage.FileTree;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What happens beside the reads of a mount: files decrypted ahead, memory given back when it is
 * short, figures for the log.
 */
final class MountCare implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final BlockCache cache;
  private final FailureLog failures;
  private final @Nullable Predicate<String> preloadFilter;
  private final ResidentChoice resident;
  private final boolean logNames;
  private final Supplier<Optional<Place>> bucket;
  // guarded by this
  private @Nullable PressureWatch watch;
  private @Nullable Preload preload;
  private @Nullable Mount mount;
  private boolean closed;
  private volatile MountStatus.@Nullable Preload preloadStatus;

  /**
   * Care for a mount.
   *
   * @param cache of the mount
   * @param failures of the mount
   * @param preloadFilter which files to decrypt ahead, null for none
   * @param resident whether there are resident files
   * @param logNames whether plaintext names may be logged
   * @param bucket what the volume is fetched from, if it is
   */
  MountCare(
      BlockCache cache,
      FailureLog failures,
      @Nullable Predicate<String> preloadFilter,
      ResidentChoice resident,
      boolean logNames,
      Supplier<Optional<Place>> bucket) {
    this.bucket = bucket;
    this.cache = cache;
    this.failures = failures;
    this.preloadFilter = preloadFilter;
    this.resident = resident;
    this.logNames = logNames;
  }

  /** Begins, once the tree is mounted. */
  synchronized void begin(FileTree tree, Mount mounted) {
    if (closed) {
      return;
    }
    long full = cache.figures().capacity();
    mount = mounted;
    resident.begun(mounted);
    watch =
        PressureWatch.start(
            new CacheKeeper(
                full,
                bytes -> resize(bytes, full),
                () -> {
                  mounted.memoryIsShort();
                  System.gc();
                },
                System::nanoTime));
    if (preloadFilter != null) {
      preloadStatus = new MountStatus.Preload("running", 0, 0, 0);
      Report report = new Report(System.nanoTime());
      long disk = bucket.get().map(Place::copyBytes).orElse(0L);
      preload =
          disk > 0
              ? Preload.toDisk(tree, preloadFilter, disk, report)
              : Preload.start(cache, tree, preloadFilter, full, report);
    }
  }

  /** How the preload stands; empty where there is none. */
  Optional<MountStatus.Preload> preload() {
    return Optional.ofNullable(preloadStatus);
  }

  private void resize(long cacheBytes, long full) {
    cache.resize(cacheBytes);
    bucket.get().ifPresent(place -> place.resize(full == 0 ? 1 : (double) cacheBytes / full));
  }

  /** One line with what was done so far. */
  void logFigures(Path mountPoint) {
    LOG.log(Level.INFO, "{0}: {1}", mountPoint, figures(cache.figures(), failures));
    bucket
        .get()
        .flatMap(Place::figures)
        .ifPresent(done -> LOG.log(Level.INFO, "{0}: {1}", mountPoint, FetchReport.line(done)));
    Mount mounted;
    synchronized (this) {
      mounted = mount;
    }
    if (mounted != null) {
      resident.state(mounted).ifPresent(line -> LOG.log(Level.INFO, "{0}: {1}", mountPoint, line));
    }
  }

  /** The figures of {@link #logFigures}. */
  static String figures(CacheFigures figures, FailureLog failures) {
    return String.join(
        ", ",
        (figures.bypassedBytes() + figures.copiedBytes()) + " bytes served",
        figures.bypassedBytes() + " of them past the cache",
        figures.hits() + " hits",
        figures.misses() + " misses",
        figures.joinedLoads() + " joined loads",
        figures.evictions() + " evictions",
        figures.wastedReadAhead() + " loaded in vain",
        figures.bytesHeld() + " bytes held of " + figures.capacity(),
        (failures.failedRequests() + failures.unexpectedFaults()) + " errors",
        failures.damagedObjects() + " damaged objects");
  }

  /** Ends all of it; nobody touches the tree afterwards. Idempotent. */
  @Override
  public void close() {
    PressureWatch watching;
    Preload loading;
    synchronized (this) {
      closed = true;
      watching = watch;
      loading = preload;
    }
    resident.close();
    if (watching != null) {
      watching.close();
    }
    if (loading != null) {
      loading.close();
    }
  }

  /** Tells how a preload ended. */
  private final class Report implements Preload.Listener {
    private final long startNanos;

    Report(long startNanos) {
      this.startNanos = startNanos;
    }

    @Override
    public void loaded(Preload.Progress progress) {
      preloadStatus = status("running", progress);
    }

    private static MountStatus.Preload status(String state, Preload.Progress progress) {
      return new MountStatus.Preload(
          state, progress.files(), progress.failedFiles(), progress.plaintextBytes());
    }

    @Override
    public void finished(Preload.Progress progress, Preload.End end, @Nullable Throwable failure) {
      preloadStatus = status(end.name().toLowerCase(Locale.ROOT), progress);
      String line =
          String.format(
              "preload: %d files, %d bytes in %.1f s; %s",
              progress.files(),
              progress.plaintextBytes(),
              Duration.ofNanos(System.nanoTime() - startNanos).toMillis() / 1000.0,
              outcome(end));
      if (progress.failedFiles() > 0) {
        line += "; " + progress.failedFiles() + " could not be read";
      }
      if (failure == null) {
        LOG.log(progress.failedFiles() > 0 ? Level.WARNING : Level.INFO, line);
      } else if (logNames) {
        LOG.log(Level.WARNING, line, failure);
      } else {
        // the text of an error may hold a name
        LOG.log(Level.WARNING, line + ": " + failure.getClass().getSimpleName());
      }
    }

    private static String outcome(Preload.End end) {
      return switch (end) {
        case COMPLETE -> "all that was asked for";
        case FULL -> "the rest does not fit into the cache";
        case STOPPED -> "stopped by the end of the mount";
        case FAILED -> "it failed";
      };
    }
  }
}
