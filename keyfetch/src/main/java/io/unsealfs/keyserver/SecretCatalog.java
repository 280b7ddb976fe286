package io.unsealfs.keyserver;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.StoredSecret.State;
import io.unsealfs.keyserver.StoredSecret.Version;
import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreEntry;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.verify.policy.SecretPolicy;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The secrets in a {@link Store}. Every change is one compare-and-swap of one record, so that
 * commands and servers may work on the same secret at once. Thread-safe.
 */
public final class SecretCatalog {
  private static final String PREFIX = "secrets/";

  /** How often a change is tried again because another one came first. */
  private static final int MAX_TRIES = 100;

  private final Store store;
  private final KeyRing keys;
  private final RecordSeal seal;
  private final Clock clock;

  /** The secrets in {@code store}, under these keys. */
  public SecretCatalog(Store store, KeyRing keys, Clock clock) {
    this.store = store;
    this.keys = keys;
    this.seal = new RecordSeal(keys);
    this.clock = clock;
  }

  /**
   * What is added as a version.
   *
   * @param notBefore when its releases begin
   * @param notAfter when its releases end
   * @param terms what travels with it
   */
  public record Conditions(
      Optional<Instant> notBefore, Optional<Instant> notAfter, SecretTerms terms) {}

  /**
   * A secret, as it is at this moment.
   *
   * @throws StoreException if its record cannot be trusted or the store cannot be reached
   */
  public Optional<StoredSecret> find(String name) throws StoreException {
    Optional<StoreEntry> entry = store.get(PREFIX + name);
    return entry.isEmpty() ? Optional.empty() : Optional.of(decode(entry.get()));
  }

  /**
   * All secrets, by name.
   *
   * @throws StoreException if a record cannot be trusted or the store cannot be reached
   */
  public List<StoredSecret> list() throws StoreException {
    List<StoredSecret> secrets = new ArrayList<>();
    for (StoreEntry entry : store.list(PREFIX)) {
      secrets.add(decode(entry));
    }
    return secrets;
  }

  private StoredSecret decode(StoreEntry entry) throws StoreException {
    String name = entry.key().substring(PREFIX.length());
    String what = "secret %s in store %s".formatted(name, store.place());
    return StoredSecretCodec.decode(
        seal.open(entry.key(), entry.value(), what), name, store.place());
  }

  /**
   * Adds a secret with its first version.
   *
   * @param evidence types of evidence that release it; empty if the policy says so
   * @param plaintext wiped by the caller
   * @throws KeyServerConfigException if there is one of that name, or name or length are not good
   */
  public StoredSecret add(
      String name, Set<String> evidence, byte[] plaintext, Conditions conditions)
      throws KeyServerConfigException, StoreException {
    Version first = version(name, 1, plaintext, conditions);
    StoredSecret secret = new StoredSecret(name, evidence, List.of(first));
    if (!write(secret, Store.ABSENT)) {
      throw new KeyServerConfigException(
          "secret %s: is in store %s already; \"secret rotate\" adds a version"
              .formatted(name, store.place()));
    }
    return secret;
  }

  /**
   * Adds a version, which is what is released from then on.
   *
   * @param plaintext wiped by the caller
   * @throws KeyServerConfigException if there is no such secret, or no room for another version
   */
  public StoredSecret rotate(String name, byte[] plaintext, Conditions conditions)
      throws KeyServerConfigException, StoreException {
    return change(
        name,
        secret -> {
          if (secret.versions().size() == StoredSecret.MAX_VERSIONS) {
            throw new KeyServerConfigException(
                "secret %s: has %d versions, and more are not kept; remove it and add it anew"
                    .formatted(name, StoredSecret.MAX_VERSIONS));
          }
          List<Version> versions = new ArrayList<>(secret.versions());
          versions.add(version(name, versions.getLast().number() + 1, plaintext, conditions));
          return new StoredSecret(name, secret.evidence(), versions);
        });
  }

  private Version version(String name, int number, byte[] plaintext, Conditions conditions)
      throws KeyServerConfigException {
    return new Version(
        number,
        State.ENABLED,
        clock.instant(),
        conditions.notBefore(),
        conditions.notAfter(),
        conditions.terms(),
        WrappedSecret.wrap(name, plaintext, keys.current()).encode());
  }

  /**
   * Puts versions into a state.
   *
   * @param version one of them; all that are not destroyed if empty
   * @throws KeyServerConfigException if there is no such secret or version, or it is destroyed
   */
  public StoredSecret setState(String name, OptionalInt version, State state)
      throws KeyServerConfigException, StoreException {
    return change(
        name,
        secret -> {
          List<Version> versions = new ArrayList<>(secret.versions());
          boolean found = false;
          for (int i = 0; i < versions.size(); i++) {
            Version one = versions.get(i);
            boolean meant = version.isEmpty() || version.getAsInt() == one.number();
            if (meant && one.state() != State.DESTROYED) {
              versions.set(i, one.in(state));
              found = true;
            }
          }
          if (!found) {
            throw new KeyServerConfigException(
                "secret %s: has no version%s that is not destroyed"
                    .formatted(name, version.isEmpty() ? "" : " " + version.getAsInt()));
          }
          return new StoredSecret(name, secret.evidence(), versions);
        });
  }

  /**
   * Removes a secret with all its versions.
   *
   * @throws KeyServerConfigException if there is no such secret
   */
  public void remove(String name) throws KeyServerConfigException, StoreException {
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      StoreEntry entry = existing(name);
      if (store.delete(entry.key(), entry.revision())) {
        return;
      }
    }
    throw contended(name);
  }

  /** Ids of the keys that the records are sealed under, one for each record. */
  List<String> sealKeyIds() throws StoreException {
    List<String> ids = new ArrayList<>();
    for (StoreEntry entry : store.list(PREFIX)) {
      ids.add(RecordSeal.keyId(entry.value()).orElse("unknown"));
    }
    return ids;
  }

  /** Seals every record that is under another key under the current one. */
  void reseal() throws KeyServerConfigException, StoreException {
    for (StoreEntry entry : store.list(PREFIX)) {
      if (!RecordSeal.keyId(entry.value()).equals(Optional.of(keys.current().id()))) {
        change(decode(entry).name(), secret -> secret);
      }
    }
  }

  /**
   * Puts the same version, wrapped anew, in the place of {@code old}.
   *
   * @return false if something else is there by now; nothing is changed then
   * @throws KeyServerConfigException if there is no such secret
   */
  boolean replace(String name, int number, WrappedSecret old, WrappedSecret fresh)
      throws KeyServerConfigException, StoreException {
    StoreEntry entry = existing(name);
    StoredSecret secret = decode(entry);
    List<Version> versions = new ArrayList<>(secret.versions());
    for (int i = 0; i < versions.size(); i++) {
      Version one = versions.get(i);
      if (one.number() == number && Arrays.equals(one.wrapped(), old.encode())) {
        versions.set(i, one.wrappedAs(fresh.encode()));
        return write(new StoredSecret(name, secret.evidence(), versions), entry.revision());
      }
    }
    return false;
  }

  private static WrappedSecret parse(Version version) throws KeyServerConfigException {
    return WrappedSecret.parse(version.wrapped(), "version " + version.number());
  }

  /** The bytes of a version; the caller wipes them. */
  byte[] unwrap(String name, Version version) throws KeyServerConfigException {
    WrappedSecret wrapped = parse(version);
    return wrapped.unwrap(name, keys.find(wrapped.keyId()).orElse(keys.current()));
  }

  /** A version, ready for release. */
  ReleasePolicy.Releasable releasable(StoredSecret secret, Version version, SecretPolicy rules)
      throws KeyServerConfigException {
    WrappedSecret wrapped = parse(version);
    return new ReleasePolicy.Releasable(
        wrapped,
        keys.find(wrapped.keyId()).orElse(keys.current()),
        version.terms(),
        rules,
        version.terms().expiry());
  }

  /** Names of all secrets, whether their records can be read or not. */
  public List<String> names() throws StoreException {
    return store.list(PREFIX).stream()
        .map(entry -> entry.key().substring(PREFIX.length()))
        .toList();
  }

  private interface Change {
    StoredSecret apply(StoredSecret before) throws KeyServerConfigException;
  }

  private StoredSecret change(String name, Change change)
      throws KeyServerConfigException, StoreException {
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      StoreEntry entry = existing(name);
      StoredSecret after = change.apply(decode(entry));
      if (write(after, entry.revision())) {
        return after;
      }
    }
    throw contended(name);
  }

  private StoreEntry existing(String name) throws KeyServerConfigException, StoreException {
    return store
        .get(PREFIX + name)
        .orElseThrow(() ->
            new KeyServerConfigException(
                "secret %s: is not in store %s".formatted(name, store.place())));
  }

  private boolean write(StoredSecret secret, long revision) throws StoreException {
    String key = PREFIX + secret.name();
    byte[] value = seal.seal(key, StoredSecretCodec.encode(secret));
    if (value.length > Store.MAX_VALUE_BYTES) {
      throw new StoreException(
          "secret %s: its versions take %d bytes, and %d are kept; destroy old versions"
              .formatted(secret.name(), value.length, Store.MAX_VALUE_BYTES));
    }
    return store.put(key, value, revision);
  }

  private StoreException contended(String name) {
    return new StoreException(
        "secret %s in store %s: others change it all the time; try again"
            .formatted(name, store.place()));
  }
}
