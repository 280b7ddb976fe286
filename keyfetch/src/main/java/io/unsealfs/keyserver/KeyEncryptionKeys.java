package io.unsealfs.keyserver;

import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The key-encryption keys that are known at once. The first one wraps; secrets name the one they
 * are wrapped under, so that a change of keys needs no moment at which all of them change. Wiped by
 * {@link #close}.
 */
public final class KeyEncryptionKeys implements AutoCloseable {
  private static final int MAX_KEY_FILE_BYTES = 4096;

  private final List<Known> known;

  private record Known(KekSource source, KeyEncryptionKey key) {}

  private KeyEncryptionKeys(List<Known> known) {
    this.known = known;
  }

  /**
   * Fetches all of them.
   *
   * @throws KeyServerConfigException if one is not a key, or two are the same
   * @throws IOException what {@code fetcher} throws
   */
  public static KeyEncryptionKeys load(
      List<KekSource> sources, KekFetcher fetcher, SecretMemory memory) throws IOException {
    return load(sources, fetcher, memory, new KeyEncryptionKeys(List.of()));
  }

  /**
   * Fetches all of them but those that can be asked for only once and are in {@code before}: a copy
   * of these is kept.
   */
  static KeyEncryptionKeys load(
      List<KekSource> sources, KekFetcher fetcher, SecretMemory memory, KeyEncryptionKeys before)
      throws IOException {
    KeyEncryptionKeys keys = new KeyEncryptionKeys(new ArrayList<>());
    try {
      for (KekSource source : sources) {
        Optional<KeyEncryptionKey> kept = before.keptFor(source, memory);
        keys.add(source, kept.isPresent() ? kept.get() : fetch(source, fetcher, memory));
      }
    } catch (IOException | RuntimeException | Error e) {
      keys.close();
      throw e;
    }
    return keys;
  }

  private void add(KekSource source, KeyEncryptionKey key) throws KeyServerConfigException {
    for (Known other : known) {
      if (other.key.id().equals(key.id())) {
        key.close();
        throw new KeyServerConfigException(
            "key-encryption keys %s and %s are the same key"
                .formatted(other.source.key().text(), source.key().text()));
      }
    }
    known.add(new Known(source, key));
  }

  private Optional<KeyEncryptionKey> keptFor(KekSource source, SecretMemory memory) {
    return source.givesOnce()
        ? known.stream()
            .filter(one -> one.source.equals(source))
            .findFirst()
            .map(one -> one.key.copy(memory))
        : Optional.empty();
  }

  private static KeyEncryptionKey fetch(KekSource source, KekFetcher fetcher, SecretMemory memory)
      throws IOException {
    if (source.isKeyFile()) {
      return KeyEncryptionKey.read(Path.of(source.key().body()), memory);
    }
    Optional<PassphraseKdf> kdf = Optional.empty();
    if (source.kdf().isPresent()) {
      kdf = Optional.of(PassphraseKdf.read(source.kdf().get()));
    }
    try (Secret secret = secret(source, fetcher, memory)) {
      if (kdf.isPresent()) {
        return kdf.get().derive(secret, memory);
      }
      if (secret.size() != KeyEncryptionKey.SIZE) {
        throw new KeyServerConfigException(
            "key-encryption key %s: has %d bytes, must have 32; for a passphrase give kdf"
                .formatted(source.key().text(), secret.size()));
      }
      return secret.use(bytes -> KeyEncryptionKey.of(bytes, memory));
    }
  }

  /** Files are read here, because nobody else may be able to read them. */
  private static Secret secret(KekSource source, KekFetcher fetcher, SecretMemory memory)
      throws IOException {
    if (!source.key().scheme().equals("file")) {
      return fetcher.fetch(source);
    }
    byte[] content =
        OwnerOnlyFile.readSecret(
            Path.of(source.key().body()), "key-encryption key", MAX_KEY_FILE_BYTES);
    try (Secret raw = new Secret(memory.copyOf(content), SecretTerms.NONE)) {
      return source.key().reading().apply(raw, memory);
    } finally {
      Arrays.fill(content, (byte) 0);
    }
  }

  /**
   * The key that wraps.
   *
   * @throws KeyServerConfigException if none is configured
   */
  public KeyEncryptionKey current() throws KeyServerConfigException {
    if (known.isEmpty()) {
      throw new KeyServerConfigException(
          "no key-encryption key is configured; name one in keks or kek_file");
    }
    return known.getFirst().key;
  }

  /**
   * The key that {@code secret} is wrapped under.
   *
   * @throws KeyServerConfigException if it is not known here
   */
  public KeyEncryptionKey of(WrappedSecret secret) throws KeyServerConfigException {
    Optional<KeyEncryptionKey> key = find(secret.keyId());
    if (key.isPresent()) {
      return key.get();
    }
    throw new KeyServerConfigException(
        "secret %s: wrapped under key %s, but the key-encryption %s"
            .formatted(
                secret.name(),
                secret.keyId(),
                known.size() == 1
                    ? "key is " + known.getFirst().key.id()
                    : "keys are " + String.join(", ", ids())));
  }

  /** The key of that {@link KeyEncryptionKey#id}, if it is one of these. */
  Optional<KeyEncryptionKey> find(String id) {
    return known.stream().map(Known::key).filter(key -> key.id().equals(id)).findFirst();
  }

  /** {@link KeyEncryptionKey#id} of each, the one that wraps first. */
  public List<String> ids() {
    return known.stream().map(one -> one.key.id()).toList();
  }

  /** The sources, in the order of {@link #ids}. */
  public List<KekSource> sources() {
    return known.stream().map(Known::source).toList();
  }

  @Override
  public void close() {
    known.forEach(one -> one.key.close());
  }

  @Override
  public String toString() {
    return "KeyEncryptionKeys" + ids();
  }
}
