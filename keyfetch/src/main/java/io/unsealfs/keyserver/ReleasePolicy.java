package io.unsealfs.keyserver;

import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.key.wire.WireLimits;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One reading of the configuration and the files it names: what is released, for what, and who
 * signs it. A reload replaces the whole of it. Secrets are kept wrapped and unwrapped for each
 * release.
 *
 * <p>Its keys are wiped when its owner and every request that still uses it have let go of it.
 */
final class ReleasePolicy {
  private static final int MAX_IDENTITY_FILE_BYTES = 16 << 10;

  private final IdentityKey identity;
  private final boolean allowSample;
  private final Map<String, Releasable> secrets;
  private final Set<KeyEncryptionKey> keys;
  // the owner counts as one
  private final AtomicInteger users = new AtomicInteger(1);

  /**
   * One secret and what must be shown for it.
   *
   * @param terms serialised, as they travel
   */
  @SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
  record Releasable(
      WrappedSecret wrapped,
      KeyEncryptionKey key,
      byte[] terms,
      Set<String> evidence,
      Optional<Instant> expiresAt) {

    /** The secret's bytes; the caller wipes them. */
    byte[] unwrap() throws KeyServerConfigException {
      return wrapped.unwrap(wrapped.name(), key);
    }
  }

  private ReleasePolicy(
      IdentityKey identity,
      boolean allowSample,
      Map<String, Releasable> secrets,
      Set<KeyEncryptionKey> keys) {
    this.identity = identity;
    this.allowSample = allowSample;
    this.secrets = secrets;
    this.keys = keys;
  }

  /**
   * Reads every file the configuration names and tries every secret once, so that a bad one shows
   * at start and not when it is needed.
   */
  static ReleasePolicy load(KeyServerConfig config, SecretMemory memory)
      throws KeyServerConfigException {
    IdentityKey identity = identity(config.identityKey());
    KeyEncryptionKey ephemeral = KeyEncryptionKey.ephemeral(memory);
    KeyEncryptionKey stored =
        config.kekFile().isPresent()
            ? KeyEncryptionKey.read(config.kekFile().get(), memory)
            : ephemeral;
    Map<String, Releasable> secrets = new HashMap<>();
    for (KeyServerConfig.SecretEntry entry : config.secrets()) {
      KeyEncryptionKey key = entry.insecurePlaintext() ? ephemeral : stored;
      WrappedSecret wrapped =
          entry.insecurePlaintext() ? wrapped(entry, key) : WrappedSecret.read(entry.file());
      Arrays.fill(wrapped.unwrap(entry.name(), key), (byte) 0);
      SecretTerms terms =
          new SecretTerms(entry.volumeDigest(), entry.headerDigest(), entry.expiresAt(), true);
      secrets.put(
          entry.name(),
          new Releasable(
              wrapped, key, TermsCodec.encode(terms), entry.evidence(), entry.expiresAt()));
    }
    return new ReleasePolicy(
        identity,
        config.allowSample(),
        Map.copyOf(secrets),
        new HashSet<>(Arrays.asList(ephemeral, stored)));
  }

  private static IdentityKey identity(Path file) throws KeyServerConfigException {
    byte[] pem = OwnerOnlyFile.readSecret(file, "identity key", MAX_IDENTITY_FILE_BYTES);
    try {
      return IdentityKey.fromPem(pem);
    } catch (WireException e) {
      throw new KeyServerConfigException("identity key " + file + ": " + e.getMessage(), e);
    } finally {
      Arrays.fill(pem, (byte) 0);
    }
  }

  private static WrappedSecret wrapped(KeyServerConfig.SecretEntry entry, KeyEncryptionKey key)
      throws KeyServerConfigException {
    byte[] plaintext =
        OwnerOnlyFile.readSecret(entry.file(), "plaintext secret", WireLimits.MAX_SECRET_BYTES);
    try {
      return WrappedSecret.wrap(entry.name(), plaintext, key);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  IdentityKey identity() {
    return identity;
  }

  boolean allowSample() {
    return allowSample;
  }

  @Nullable Releasable find(String name) {
    return secrets.get(name);
  }

  /** Takes part in its use; false if it is gone already. */
  boolean acquire() {
    int before;
    do {
      before = users.get();
      if (before == 0) {
        return false;
      }
    } while (!users.compareAndSet(before, before + 1));
    return true;
  }

  /** Lets go of it; the last one wipes the keys. */
  void release() {
    if (users.decrementAndGet() == 0) {
      keys.forEach(KeyEncryptionKey::close);
    }
  }
}
