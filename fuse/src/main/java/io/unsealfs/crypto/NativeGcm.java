package io.unsealfs.crypto;

import java.lang.System.Logger.Level;
import java.security.Provider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Amazon Corretto Crypto Provider as the engine of bulk AES-GCM. It needs no compiled Java to be
 * fast, so that the first megabytes after a start are not the slow ones, and it is at least as fast
 * as the JDK's own afterwards (see docs/performance.md). Loading it takes some tenths of a second,
 * for which nobody waits: the JDK's engine serves until it is ready, and for ever where it is
 * missing, cannot be loaded (another architecture, no directory to unpack into) or fails its
 * self-test.
 */
public final class NativeGcm {
  private static final System.Logger LOG = System.getLogger(NativeGcm.class.getName());
  private static final String PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private static final AtomicBoolean BEGUN = new AtomicBoolean();
  private static final CountDownLatch DONE = new CountDownLatch(1);
  private static volatile @Nullable GcmEngine ready;

  private NativeGcm() {}

  /** Begins to load it, on a thread of its own; once per process. */
  public static void prepare() {
    if (BEGUN.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("unsealfs-native-cipher").start(NativeGcm::load);
    }
  }

  /**
   * Waits until it is known whether the engine can be used.
   *
   * @return whether it is in use
   */
  public static boolean await(long millis) throws InterruptedException {
    boolean _ = BEGUN.get() && DONE.await(millis, TimeUnit.MILLISECONDS);
    return ready != null;
  }

  static @Nullable GcmEngine engineIfReady() {
    return ready;
  }

  private static void load() {
    try {
      // by name: the library has no build for some architectures
      Object instance = Class.forName(PROVIDER).getField("INSTANCE").get(null);
      if (instance instanceof Provider provider) {
        GcmEngine engine = new GcmEngine(provider);
        if (engine.works()) {
          ready = engine;
        } else {
          LOG.log(Level.DEBUG, "the native cipher fails its self-test and is not used");
        }
      }
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      LOG.log(Level.DEBUG, "the native cipher is not used: {0}", String.valueOf(e));
    } finally {
      DONE.countDown();
    }
  }
}
