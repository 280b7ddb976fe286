package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * Who computes AES-GCM. SunJCE comes first, by name: a host whose security settings put another
 * provider in front of it (a token, a pure Java one) would cost a mount most of its speed. An
 * engine is used only after its self-test. Once {@link NativeAes} is ready it takes over.
 */
final class GcmEngine {
  private static final String TRANSFORMATION = "AES/GCM/NoPadding";

  private final @Nullable Provider provider;

  /**
   * An engine that has not shown yet that it works.
   *
   * @param provider the JCA provider, or null for the host's own order of providers
   */
  GcmEngine(@Nullable Provider provider) {
    this.provider = provider;
  }

  /** Chosen at the first use of the cipher, for the life of the process. */
  private static final class Chosen {
    static final GcmEngine ENGINE = choose(candidates());
  }

  private static List<GcmEngine> candidates() {
    List<GcmEngine> candidates = new ArrayList<>();
    Provider jdk = Security.getProvider("SunJCE");
    if (jdk != null) {
      candidates.add(new GcmEngine(jdk));
    }
    candidates.add(new GcmEngine(null));
    return candidates;
  }

  /** The engine to use from now on; another one later in the life of the process, at most once. */
  static GcmEngine current() {
    GcmEngine faster = NativeAes.gcmIfReady();
    return faster == null ? Chosen.ENGINE : faster;
  }

  /**
   * The first candidate that works.
   *
   * @throws IllegalStateException if none works
   */
  static GcmEngine choose(List<GcmEngine> candidates) {
    for (GcmEngine engine : candidates) {
      if (engine.works()) {
        return engine;
      }
    }
    throw new IllegalStateException(
        "no AES-GCM of this Java passes its self-test; install another JDK 25");
  }

  /** Whether it passes the self-test. */
  boolean works() {
    try {
      return GcmSelfTest.passes(newCipher(), newCipher());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** A cipher object, not initialised. */
  Cipher newCipher() throws GeneralSecurityException {
    return provider == null
        ? Cipher.getInstance(TRANSFORMATION)
        : Cipher.getInstance(TRANSFORMATION, provider);
  }

  /** As {@link #newCipher}, of an engine that has passed its self-test. */
  Cipher cipher() {
    try {
      return newCipher();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + TRANSFORMATION, e);
    }
  }
}
