package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyEncryptionKeys;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.StoredWrappedSecrets;
import io.unsealfs.keyserver.WrappedSecretFiles;
import io.unsealfs.keyserver.WrappedSecrets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The key-encryption keys of a configuration and all that is under them, files and store. */
final class KekScope implements AutoCloseable {
  private final KeyEncryptionKeys keys;
  private final Optional<SecretStore> store;
  private final List<WrappedSecrets> secrets;

  private KekScope(
      KeyEncryptionKeys keys, Optional<SecretStore> store, List<WrappedSecrets> secrets) {
    this.keys = keys;
    this.store = store;
    this.secrets = secrets;
  }

  /** Opens what {@code file} names. */
  static KekScope open(Path file, Wiring wiring) throws IOException {
    KeyServerConfig config = KeyServerConfig.read(file);
    WrappedSecrets files = new WrappedSecretFiles(config);
    if (config.store().isEmpty()) {
      return new KekScope(
          KeyEncryptionKeys.load(config.keks(), wiring.kekFetcher(), wiring.secretMemory()),
          Optional.empty(),
          List.of(files));
    }
    SecretStore store = SecretStore.open(config, file, wiring);
    return new KekScope(
        store.keys(),
        Optional.of(store),
        List.of(files, new StoredWrappedSecrets(store.catalog())));
  }

  KeyEncryptionKeys keys() {
    return keys;
  }

  List<WrappedSecrets> secrets() {
    return secrets;
  }

  @Override
  public void close() {
    // the store's keys are these
    store.ifPresentOrElse(SecretStore::close, keys::close);
  }
}
