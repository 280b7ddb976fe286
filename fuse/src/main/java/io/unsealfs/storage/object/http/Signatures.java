package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The latest signatures, each used for a minute: to sign a request takes longer than to send it.
 * All are of the same credentials. Thread-safe.
 */
final class Signatures {
  /** Stores take signatures that are up to 15 minutes old. */
  private static final Duration FRESH = Duration.ofMinutes(1);

  private static final int OBJECTS_MAX = 256;

  private final RequestSigner signer;
  private final Clock clock;
  private final Map<String, SignedRequest> byKey = new Latest(); // these two: guarded by this
  private @Nullable StoreCredentials owner;

  Signatures(RequestSigner signer, Clock clock) {
    this.signer = signer;
    this.clock = clock;
  }

  /** A signed request for the object. */
  SignedRequest of(String key, StoreCredentials credentials) throws IOException {
    synchronized (this) {
      if (credentials != owner) {
        byKey.clear();
        owner = credentials;
      }
      SignedRequest known = byKey.get(key);
      if (known != null && isFresh(known)) {
        return known;
      }
    }
    SignedRequest signed = signer.sign(key, credentials);
    synchronized (this) {
      if (credentials == owner) {
        byKey.put(key, signed);
      }
    }
    return signed;
  }

  /** Both ends count: the clock may have been corrected since. */
  private boolean isFresh(SignedRequest known) {
    Duration age = Duration.between(known.signedAt(), clock.instant());
    return !age.isNegative() && age.compareTo(FRESH) < 0;
  }

  /** The store did not take it, for whatever reason. */
  synchronized void forget(String key, SignedRequest refused) {
    byKey.remove(key, refused);
  }

  private static final class Latest extends LinkedHashMap<String, SignedRequest> {
    private static final long serialVersionUID = 1;

    Latest() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, SignedRequest> eldest) {
      return size() > OBJECTS_MAX;
    }
  }
}
