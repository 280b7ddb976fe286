package io.unsealfs.keyserver;

import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.StoreGrant;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.verify.policy.Policy;
import io.unsealfs.verify.policy.SecretPolicy;
import io.unsealfs.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
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
  private static final System.Logger LOG = System.getLogger(ReleasePolicy.class.getName());
  private static final int MAX_IDENTITY_FILE_BYTES = 16 << 10;

  private final IdentityKey identity;
  private final boolean allowSample;
  private final Map<String, Releasable> secrets;
  private final KeyEncryptionKeys keys;
  private final KeyEncryptionKey ephemeral;
  private final PreSharedKeys preSharedKeys;
  private final Optional<Policy> policy;
  private final Optional<SecretCatalog> catalog;
  // the owner counts as one
  private final AtomicInteger users = new AtomicInteger(1);

  /**
   * One secret and what must be shown for it.
   *
   * @param stated what was said about it; what travels is made of it at each release
   * @param storeCredentials a file with what opens the store of its volume
   */
  record Releasable(
      WrappedSecret wrapped,
      KeyEncryptionKey key,
      SecretTerms stated,
      SecretPolicy policy,
      Optional<Instant> expiresAt,
      Optional<Path> storeCredentials) {

    /** Without credentials of a store. */
    Releasable(
        WrappedSecret wrapped,
        KeyEncryptionKey key,
        SecretTerms stated,
        SecretPolicy policy,
        Optional<Instant> expiresAt) {
      this(wrapped, key, stated, policy, expiresAt, Optional.empty());
    }

    /** Its terms for a release at {@code now}, serialised as they travel. */
    byte[] terms(Instant now) throws KeyServerConfigException {
      SecretTerms terms = stated.atRelease(now);
      return TermsCodec.encode(
          storeCredentials.isEmpty()
              ? terms
              : terms.withStoreCredentials(grant(storeCredentials.get())));
    }

    /** Read each time: whoever renews them writes the file. */
    private static StoreGrant grant(Path file) throws KeyServerConfigException {
      byte[] content = OwnerOnlyFile.readSecret(file, "store credentials", StoreGrant.BYTES_MAX);
      try {
        return new StoreGrant(content);
      } catch (IllegalArgumentException e) {
        throw new KeyServerConfigException("store credentials " + file + ": " + e.getMessage(), e);
      } finally {
        Arrays.fill(content, (byte) 0);
      }
    }

    /** The secret's bytes; the caller wipes them. */
    byte[] unwrap() throws KeyServerConfigException {
      return wrapped.unwrap(wrapped.name(), key);
    }
  }

  private ReleasePolicy(
      IdentityKey identity,
      boolean allowSample,
      Map<String, Releasable> secrets,
      KeyEncryptionKeys keys,
      KeyEncryptionKey ephemeral,
      PreSharedKeys preSharedKeys,
      Optional<Policy> policy,
      Optional<SecretCatalog> catalog) {
    this.policy = policy;
    this.catalog = catalog;
    this.identity = identity;
    this.allowSample = allowSample;
    this.secrets = secrets;
    this.keys = keys;
    this.ephemeral = ephemeral;
    this.preSharedKeys = preSharedKeys;
  }

  /**
   * Reads every file the configuration names and tries every secret once, so that a bad one shows
   * at start and not when it is needed.
   *
   * @param fetcher who asks for key-encryption keys
   * @param before what was in force, for keys that can be asked for only once
   * @param store where {@link #findStored} looks; nowhere if empty
   */
  static ReleasePolicy load(
      KeyServerConfig config,
      SecretMemory memory,
      KekFetcher fetcher,
      Optional<ReleasePolicy> before,
      Optional<Store> store,
      Clock clock)
      throws IOException {
    Optional<Policy> policy = policy(config);
    IdentityKey identity = identity(config.identityKey());
    KeyEncryptionKeys keys =
        before.isPresent()
            ? KeyEncryptionKeys.load(config.keks(), fetcher, memory, before.get().keys)
            : KeyEncryptionKeys.load(config.keks(), fetcher, memory);
    KeyEncryptionKey ephemeral = KeyEncryptionKey.ephemeral(memory);
    try {
      Optional<SecretCatalog> catalog = Optional.empty();
      if (store.isPresent()) {
        catalog = Optional.of(new SecretCatalog(store.get(), KeyRing.of(keys), clock));
      }
      return new ReleasePolicy(
          identity,
          config.allowSample(),
          secrets(config, policy, keys, ephemeral),
          keys,
          ephemeral,
          PreSharedKeys.load(config.callers().preSharedKeys(), keys, memory),
          policy,
          catalog);
    } catch (KeyServerConfigException | RuntimeException | Error e) {
      keys.close();
      ephemeral.close();
      throw e;
    }
  }

  private static Map<String, Releasable> secrets(
      KeyServerConfig config,
      Optional<Policy> policy,
      KeyEncryptionKeys keys,
      KeyEncryptionKey ephemeral)
      throws KeyServerConfigException {
    Map<String, Releasable> secrets = new HashMap<>();
    for (KeyServerConfig.SecretEntry entry : config.secrets()) {
      SecretPolicy rules = rules(entry, policy, config);
      WrappedSecret wrapped =
          entry.insecurePlaintext() ? wrapped(entry, ephemeral) : WrappedSecret.read(entry.file());
      KeyEncryptionKey key = entry.insecurePlaintext() ? ephemeral : keys.of(wrapped);
      Arrays.fill(wrapped.unwrap(entry.name(), key), (byte) 0);
      SecretTerms terms =
          new SecretTerms(
              entry.volumeDigest(), entry.headerDigest(), entry.expiresAt(), entry.lease(), true);
      Releasable secret =
          new Releasable(wrapped, key, terms, rules, entry.expiresAt(), entry.storeCredentials());
      // a file that cannot be read shows at start
      byte[] _ = secret.terms(Instant.EPOCH);
      secrets.put(entry.name(), secret);
    }
    return Map.copyOf(secrets);
  }

  private static Optional<Policy> policy(KeyServerConfig config) throws KeyServerConfigException {
    if (config.policy().isEmpty()) {
      return Optional.empty();
    }
    Path file = config.policy().get();
    try {
      Policy policy =
          Policy.parse(
              OwnerOnlyFile.readPublic(file, "policy", Policy.MAX_BYTES), "policy " + file);
      Set<String> served = new HashSet<>();
      config.secrets().forEach(secret -> served.add(secret.name()));
      for (String name : policy.secrets()) {
        if (config.store().isEmpty() && !served.contains(name)) {
          LOG.log(
              System.Logger.Level.WARNING,
              "policy {0} speaks of secret {1}, which is not served here",
              file,
              name);
        }
      }
      return Optional.of(policy);
    } catch (YamlException e) {
      throw new KeyServerConfigException(String.valueOf(e.getMessage()), e);
    }
  }

  /** What has to be shown for a secret: said in one place, so that the other cannot widen it. */
  private static SecretPolicy rules(
      KeyServerConfig.SecretEntry entry, Optional<Policy> policy, KeyServerConfig config)
      throws KeyServerConfigException {
    Optional<SecretPolicy> rules = policy.flatMap(all -> all.forSecret(entry.name()));
    if (!entry.evidence().isEmpty()) {
      if (rules.isPresent()) {
        throw new KeyServerConfigException(
            "secret %s: has evidence in the configuration and rules in the policy; remove one"
                .formatted(entry.name()));
      }
      return SecretPolicy.sampleOnly(entry.name());
    }
    if (rules.isEmpty()) {
      throw new KeyServerConfigException(
          "secret %s: the policy says nothing about it and it has no evidence of its own"
              .formatted(entry.name()));
    }
    if (rules.get().maxReleases().isPresent()
        && config.releaseCounts().isEmpty()
        && config.store().isEmpty()) {
      throw new KeyServerConfigException(
          "secret %s: max_releases needs a store, or release_counts, a file to count in, in the configuration"
              .formatted(entry.name()));
    }
    return rules.get();
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

  PreSharedKeys preSharedKeys() {
    return preSharedKeys;
  }

  @Nullable Releasable find(String name) {
    return secrets.get(name);
  }

  /**
   * What the store has of a secret, as it is at this moment.
   *
   * @throws Denied if it has none of that name, or none that may be released now
   * @throws StoreException if the store cannot be reached or its record not be trusted
   */
  Releasable findStored(String name, Instant now)
      throws Denied, StoreException, KeyServerConfigException {
    Optional<StoredSecret> found = catalog.isEmpty() ? Optional.empty() : catalog.get().find(name);
    if (found.isEmpty() || catalog.isEmpty()) {
      throw new Denied(DenialReason.NOT_RELEASED, "unknown secret");
    }
    StoredSecret secret = found.get();
    StoredSecret.Version version =
        secret
            .released(now)
            .orElseThrow(() -> new Denied(DenialReason.NOT_RELEASED, secret.obstacle(now)));
    Optional<SecretPolicy> rules = policy.flatMap(all -> all.forSecret(name));
    if (rules.isPresent() == !secret.evidence().isEmpty()) {
      throw new Denied(
          DenialReason.NOT_RELEASED,
          rules.isPresent()
              ? "the secret has evidence in the store and rules in the policy; remove one"
              : "the policy says nothing about the secret and it has no evidence of its own");
    }
    return catalog
        .get()
        .releasable(secret, version, rules.orElseGet(() -> SecretPolicy.sampleOnly(name)));
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
      keys.close();
      ephemeral.close();
      preSharedKeys.close();
    }
  }
}
