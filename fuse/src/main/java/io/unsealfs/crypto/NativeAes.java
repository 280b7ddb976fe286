package io.unsealfs.crypto;

import java.lang.System.Logger.Level;
import java.security.Provider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Amazon Corretto Crypto Provider as the engine of bulk AES-GCM and AES-XTS. It needs no compiled
 * Java to be fast, so that the first megabytes after a start are not the slow ones, and it is at
 * least as fast as the JDK's own afterwards (see docs/performance.md). Loading it takes some tenths
 * of a second, for which nobody waits: the JDK's engine serves until it is ready, and for ever
 * where it is missing, cannot be loaded (another architecture, no directory to unpack into) or
 * fails the self-test of the mode.
 */
public final class NativeAes {
  private static final System.Logger LOG = System.getLogger(NativeAes.class.getName());
  private static final String PROVIDER =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private static final AtomicBoolean BEGUN = new AtomicBoolean();
  private static final CountDownLatch DONE = new CountDownLatch(1);
  private static volatile @Nullable GcmEngine gcm;
  private static volatile @Nullable Provider xts;

  private NativeAes() {}

  /** Begins to load it, on a thread of its own; once per process. */
  public static void prepare() {
    if (BEGUN.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("unsealfs-native-cipher").start(NativeAes::load);
    }
  }

  /**
   * Waits until it is known whether the engine can be used.
   *
   * @return whether it is in use, for AES-GCM at least
   */
  public static boolean await(long millis) throws InterruptedException {
    boolean _ = BEGUN.get() && DONE.await(millis, TimeUnit.MILLISECONDS);
    return gcm != null;
  }

  static @Nullable GcmEngine gcmIfReady() {
    return gcm;
  }

  /** Who computes AES-XTS natively; null if nobody does, or not yet. */
  static @Nullable Provider xtsIfReady() {
    return xts;
  }

  private static void load() {
    try {
      // by name: the library has no build for some architectures
      Object instance = Class.forName(PROVIDER).getField("INSTANCE").get(null);
      if (instance instanceof Provider provider) {
        GcmEngine engine = new GcmEngine(provider);
        if (engine.works()) {
          gcm = engine;
        } else {
          LOG.log(Level.DEBUG, "the native AES-GCM fails its self-test and is not used");
        }
        if (XtsSelfTest.passes(provider)) {
          xts = provider;
        } else {
          LOG.log(Level.DEBUG, "the native AES-XTS fails its self-test and is not used");
        }
      }
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      LOG.log(Level.DEBUG, "the native cipher is not used: {0}", String.valueOf(e));
    } finally {
      DONE.countDown();
    }
  }
}
