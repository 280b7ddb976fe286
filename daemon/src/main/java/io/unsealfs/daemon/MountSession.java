package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One mount from request to cleanup: NEW, ATTESTING, OPENING, MOUNTING, READY, STOPPING, CLOSED,
 * and FAILED from anywhere. Owns the cache, the volume and the mount, and takes them down in one
 * order, whoever asks and however often: unmount, close the volume (keys), wipe the cache.
 */
final class MountSession implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(MountSession.class.getName());

  /** A stop waits as long for a mount that is being made. */
  private static final Duration MOUNTING_MOST = Duration.ofSeconds(5);

  private static final long MOUNTING_LOOK_MILLIS = 100;

  private final VolumeOpening opening;
  private final FuseHost host;
  private final Path mountPoint;
  private final MountOptions options;
  private final ResidentChoice resident;
  private final FuseEvents events;
  private final Duration grace;
  private final BlockCache cache;
  private final MountCare care;
  private final LeaseCare lease;
  private final Retries retries;
  private final List<Consumer<MountState>> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean stopped = new AtomicBoolean();
  // changed under this, by the thread that starts and the one that stops; a stop may take long and
  // keeps nobody from looking
  private volatile @Nullable Volume volume;
  private volatile @Nullable Mount mount;
  private volatile MountState state = MountState.NEW;
  private volatile Instant since = Instant.now();
  private volatile @Nullable IOException revokedFor;
  private boolean mounting; // guarded by this

  MountSession(
      VolumeOpening opening,
      FuseHost host,
      Path mountPoint,
      MountOptions options,
      ResidentChoice resident,
      FuseEvents events,
      Duration grace,
      BlockCache cache,
      MountCare care,
      LeaseCare lease,
      Retries retries) {
    this.opening = opening;
    this.host = host;
    this.mountPoint = mountPoint;
    this.options = options;
    this.resident = resident;
    this.events = events;
    this.grace = grace;
    this.cache = cache;
    this.care = care;
    this.lease = lease;
    this.retries = retries;
  }

  /** Whether changed ciphertext of {@code volume} would be shown as if it were right. */
  static boolean isWithoutIntegrity(Volume volume) {
    return "none".equals(volume.info().properties().get("integrity"));
  }

  MountState state() {
    return state;
  }

  /** When it came there. */
  Instant since() {
    return since;
  }

  /** Format of the volume, once it is open. */
  Optional<String> format() {
    return Optional.ofNullable(volume).map(opened -> opened.info().format());
  }

  /** The mount, while there is one. */
  Optional<Mount> mount() {
    return Optional.ofNullable(mount);
  }

  /** Scheme of the key's reference, once one was released. */
  Optional<String> keyProvider() {
    return opening.release().map(release -> release.reference().scheme());
  }

  /**
   * Asks the tree for its root, if it is served.
   *
   * @throws IOException if the tree cannot answer
   */
  void look() throws IOException {
    Volume opened = volume;
    if (opened != null && state == MountState.READY) {
      opened.tree().root();
    }
  }

  /** Unmounts if nobody uses it; false if somebody does. */
  boolean unmountUnused() {
    return mount().map(Mount::unmountUnused).orElse(false);
  }

  /** Has {@code listener} called with every state entered from here on. */
  void onState(Consumer<MountState> listener) {
    listeners.add(listener);
  }

  /** Whether the mount answered the kernel within {@code timeout}; a mount that is gone counts. */
  boolean isServing(Duration timeout) throws InterruptedException {
    Mount mounted = mount;
    return mounted == null || mounted.isServing(timeout);
  }

  /** Goes to READY, or to FAILED with everything taken down again. */
  void start() throws IOException {
    try {
      Volume opened = retries.until(() -> opening.open(cache, this::enter), stopped::get);
      synchronized (this) {
        volume = opened;
        if (stopped.get()) {
          throw new MountException(mountPoint + ": stopped while the volume was being opened");
        }
      }
      if (isWithoutIntegrity(opened) && !opening.isPinned()) {
        LOG.log(
            Level.WARNING,
            "LUKS encrypts without integrity: who can write to the image can garble it, or bring"
                + " back old content, unseen; see docs/formats/luks.md");
      }
      // Key derivation leaves copies of passphrase and key-encryption key that the libraries never
      // wipe. One full collection of G1 gives their regions back; see docs/benchmarking.md.
      System.gc();
      begin();
      Optional<Release> release = opening.release();
      MountOptions shown =
          options
              .withResident(resident.of(opened.tree()))
              .withRevocable(
                  options.revocable() || (release.isPresent() && lease.mayRevoke(release.get())));
      Mount mounted = host.mount(opened.tree(), mountPoint, shown, events);
      synchronized (this) {
        mount = mounted;
        if (stopped.get()) {
          throw new MountException(mountPoint + ": stopped while it was being mounted");
        }
      }
      enter(MountState.READY);
      care.begin(opened.tree(), mounted);
      if (release.isPresent()) {
        lease.begin(release.get(), mounted, this::revoke);
      }
    } catch (IOException | RuntimeException | Error e) {
      enter(MountState.FAILED);
      try {
        takeDown();
      } catch (IOException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    } finally {
      synchronized (this) {
        mounting = false;
        notifyAll();
      }
    }
  }

  private synchronized void begin() throws MountException {
    if (stopped.get()) {
      throw new MountException(mountPoint + ": stopped before it was mounted");
    }
    mounting = true;
    enter(MountState.MOUNTING);
  }

  /**
   * Ends it under whoever uses it, and leaves nothing of its plaintext with the kernel. Who stops
   * it meanwhile waits until that is done.
   */
  private synchronized void revoke(IOException why) {
    if (stopped.get()) {
      return;
    }
    revokedFor = why;
    Mount mounted = mount;
    try {
      try {
        if (mounted != null) {
          mounted.revoke(why);
        }
      } finally {
        close();
      }
    } catch (IOException e) {
      LOG.log(Level.ERROR, "revoking", e);
    }
  }

  /**
   * Waits until somebody unmounts or stops the session.
   *
   * @throws io.unsealfs.mount.KeyRevokedException if it ended since the key was taken back
   * @throws io.unsealfs.mount.KeyExpiredException if it ended since the key's lease ran out
   */
  void awaitEnd() throws IOException, InterruptedException {
    Mount mounted;
    synchronized (this) {
      mounted = mount;
    }
    while (mounted != null && !mounted.awaitEnd(Duration.ofHours(1))) {
      LOG.log(Level.DEBUG, "still mounted");
    }
    IOException why = revokedFor;
    if (why != null) {
      throw why;
    }
  }

  /** Takes everything down. A second caller waits until the first one is done. */
  @Override
  public synchronized void close() throws IOException {
    stopped.set(true);
    awaitMounting();
    if (state == MountState.READY) {
      enter(MountState.STOPPING);
    }
    takeDown();
    if (state == MountState.STOPPING) {
      enter(MountState.CLOSED);
      LOG.log(Level.INFO, "{0} unmounted", mountPoint);
    }
  }

  /**
   * Whoever mounts sees that it was stopped and takes the mount down again. A process that ended
   * before that would leave a dead one.
   */
  private synchronized void awaitMounting() {
    long deadline = System.nanoTime() + MOUNTING_MOST.toNanos();
    boolean interrupted = false;
    while (mounting && System.nanoTime() < deadline) {
      try {
        wait(MOUNTING_LOOK_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void takeDown() throws IOException {
    Mount mounted = mount;
    Volume opened = volume;
    mount = null;
    volume = null;
    try {
      lease.close();
      care.close();
      if (mounted != null) {
        mounted.unmount(grace);
        care.logFigures(mountPoint);
      }
    } finally {
      try {
        if (opened != null) {
          opened.close();
        }
      } finally {
        cache.close();
      }
    }
  }

  private void enter(MountState next) {
    LOG.log(Level.DEBUG, "{0} -> {1}", state, next);
    since = Instant.now();
    state = next;
    listeners.forEach(listener -> listener.accept(next));
  }
}
