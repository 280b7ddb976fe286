package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyEncryptionKeys;
import io.unsealfs.keyserver.KeyRing;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.SecretCatalog;
import io.unsealfs.keyserver.Stores;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** The store of a key server's configuration and its keys, opened for one command. */
final class SecretStore implements AutoCloseable {
  private final Store store;
  private final KeyEncryptionKeys keys;
  private final SecretCatalog catalog;

  private SecretStore(Store store, KeyEncryptionKeys keys, SecretCatalog catalog) {
    this.store = store;
    this.keys = keys;
    this.catalog = catalog;
  }

  /**
   * Opens it.
   *
   * @param file the configuration's file, for messages
   * @throws KeyServerConfigException if the configuration names none
   */
  static SecretStore open(KeyServerConfig config, Path file, Wiring wiring) throws IOException {
    if (config.store().isEmpty()) {
      throw new KeyServerConfigException(
          file + ": has no store; add one, for example \"store: {directory: store}\"");
    }
    KeyEncryptionKeys keys =
        KeyEncryptionKeys.load(config.keks(), wiring.kekFetcher(), wiring.secretMemory());
    try {
      KeyRing ring = KeyRing.of(keys);
      Store store = Stores.open(config.store().get());
      return new SecretStore(store, keys, new SecretCatalog(store, ring, Clock.systemUTC()));
    } catch (IOException | RuntimeException | Error e) {
      keys.close();
      throw e;
    }
  }

  SecretCatalog catalog() {
    return catalog;
  }

  /** The keys that its secrets are under. */
  KeyEncryptionKeys keys() {
    return keys;
  }

  @Override
  public void close() {
    store.close();
    keys.close();
  }
}
