package io.unsealfs.daemon.start;

import io.unsealfs.crypto.NativeAes;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.volume.Rehearsal;
import io.unsealfs.volume.gocryptfs.ContentRehearsal;
import io.unsealfs.volume.luks.SectorRehearsal;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs the content cipher on invented blocks from the start of a mount, while attestation, key
 * service and key derivation take their time, so that the first bytes read are not decrypted by
 * code that is not compiled yet. With the lowest priority, so that nobody waits for it; it may go
 * on behind the mount. Bounded in bytes and in time, and ended by {@link #close}.
 */
public final class CipherWarmUp implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CipherWarmUp.class.getName());

  private static final long MOST_BYTES = 32L << 20;

  /**
   * The native cipher is fast from the first byte, but not the code around it: so much has it
   * compiled by the optimising compiler.
   */
  private static final long MOST_BYTES_NATIVE = 320L << 20;

  private static final long MOST_LOAD_MILLIS = 2_000;
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Compiled code with the processor's AES instructions does ten times as much and more. */
  private static final long LEAST_BYTES_PER_SECOND = 150_000_000;

  /** Fewer say how fast the interpreter is, which is true of any host. */
  private static final long TELLING_BYTES = 12L << 20;

  private final String mode;
  private final Supplier<Rehearsal> rehearsals;
  private final Thread thread;
  private volatile boolean stopped;

  private CipherWarmUp(String mode, Supplier<Rehearsal> rehearsals) {
    this.mode = mode;
    this.rehearsals = rehearsals;
    thread = Thread.ofPlatform().daemon().name("unsealfs-warm-up").unstarted(this::run);
  }

  /**
   * Begins, on a thread of its own.
   *
   * @param image whether the volume is one file, which is decrypted by sectors
   */
  public static CipherWarmUp begin(boolean image) {
    NativeAes.prepare();
    CipherWarmUp warmUp =
        image
            ? new CipherWarmUp("AES-XTS", SectorRehearsal::new)
            : new CipherWarmUp("AES-GCM", ContentRehearsal::new);
    warmUp.thread.start();
    return warmUp;
  }

  private boolean awaitNative() {
    try {
      return NativeAes.await(MOST_LOAD_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void run() {
    ProcessControl.letOthersGoFirst();
    long most = MOST_BYTES;
    if (awaitNative()) {
      most = MOST_BYTES_NATIVE;
    }
    long end = System.nanoTime() + MOST_NANOS;
    long fastest = Long.MAX_VALUE;
    long done = 0;
    try (Rehearsal rehearsal = rehearsals.get()) {
      long before = System.nanoTime();
      while (!stopped && done < most && before < end) {
        rehearsal.decryptOnce();
        long now = System.nanoTime();
        fastest = Math.min(fastest, now - before);
        before = now;
        done += rehearsal.size();
      }
      if (done >= TELLING_BYTES) {
        judge(rehearsal.size(), fastest);
      }
    } catch (RuntimeException e) {
      // the mount itself will say it, with the name of the volume
      LOG.log(Level.DEBUG, "the cipher's warm-up failed", e);
    }
  }

  private void judge(int bytes, long fastestNanos) {
    double perSecond = bytes * 1e9 / fastestNanos;
    if (perSecond < LEAST_BYTES_PER_SECOND) {
      LOG.log(
          Level.WARNING,
          "{0} does only {1} MB/s here: no AES instructions in this processor, or a JVM that"
              + " does not compile for them; reading will be slow",
          mode,
          Math.round(perSecond / 1e6));
    }
  }

  /** Ends it within a fraction of a millisecond; the key is dropped by its own thread. */
  @Override
  public void close() {
    stopped = true;
  }

  /** Waits for its end. */
  boolean awaitEnd(long millis) throws InterruptedException {
    return thread.join(java.time.Duration.ofMillis(millis));
  }
}
