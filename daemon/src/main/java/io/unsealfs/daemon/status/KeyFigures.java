package io.unsealfs.daemon.status;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts and times fetches of keys and makings of evidence, by standing in front of those who do
 * it. Keeps schemes and outcomes only, never a name. Thread-safe.
 */
public final class KeyFigures {
  /**
   * What is counted apart.
   *
   * @param by scheme of the key, or kind of evidence
   * @param outcome {@code ok}, {@code denied}, {@code unavailable} or {@code failed}
   */
  public record Kind(String by, String outcome) {}

  /** Times something was done, and how long that took in all. */
  public static final class Timing {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    private void add(long took) {
      count.increment();
      nanos.add(took);
    }

    /** Times. */
    public long count() {
      return count.sum();
    }

    /** Nanoseconds in all. */
    public long nanos() {
      return nanos.sum();
    }
  }

  private final ConcurrentMap<Kind, Timing> fetches = new ConcurrentHashMap<>();
  private final ConcurrentMap<Kind, Timing> evidence = new ConcurrentHashMap<>();

  /** Fetches of keys, by scheme; grows. */
  public ConcurrentMap<Kind, Timing> fetches() {
    return fetches;
  }

  /** Makings of evidence, by kind; grows. */
  public ConcurrentMap<Kind, Timing> evidence() {
    return evidence;
  }

  private static void note(
      ConcurrentMap<Kind, Timing> into, String by, String outcome, long startNanos) {
    into.computeIfAbsent(new Kind(by, outcome), kind -> new Timing())
        .add(System.nanoTime() - startNanos);
  }

  private static String outcome(IOException failure) {
    return switch (failure) {
      case KeyDeniedException _ -> "denied";
      case KeyUnavailableException _ -> "unavailable";
      default -> "failed";
    };
  }

  /** The provider, with its fetches counted. */
  public KeyProvider counting(KeyProvider provider) {
    return new KeyProvider() {
      @Override
      public Set<String> schemes() {
        return provider.schemes();
      }

      @Override
      public Secret fetch(KeyReference reference, Attester attester, ServerTrust trust)
          throws IOException {
        long startNanos = System.nanoTime();
        try {
          Secret secret = provider.fetch(reference, attester, trust);
          note(fetches, reference.scheme(), "ok", startNanos);
          return secret;
        } catch (IOException e) {
          note(fetches, reference.scheme(), outcome(e), startNanos);
          throw e;
        }
      }

      @Override
      public KeyProbe probe(KeyReference reference, ServerTrust trust) throws IOException {
        return provider.probe(reference, trust);
      }
    };
  }

  /** The attester, with its evidence counted. */
  public Attester counting(Attester attester) {
    return new Attester() {
      @Override
      public String name() {
        return attester.name();
      }

      @Override
      public boolean isAvailable() {
        return attester.isAvailable();
      }

      @Override
      public Evidence collect(ReportData reportData) throws AttestationException {
        long startNanos = System.nanoTime();
        try {
          Evidence made = attester.collect(reportData);
          note(evidence, attester.name(), "ok", startNanos);
          return made;
        } catch (AttestationException e) {
          note(evidence, attester.name(), "failed", startNanos);
          throw e;
        }
      }
    };
  }
}
