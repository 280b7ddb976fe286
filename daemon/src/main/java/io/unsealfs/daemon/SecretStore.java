package io.unsealfs.daemon;

import io.unsealfs.key.SecretMemory;
import io.unsealfs.keyserver.KeyEncryptionKey;
import io.unsealfs.keyserver.KeyRing;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.SecretCatalog;
import io.unsealfs.keyserver.Stores;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** The store of a key server's configuration, opened for one command. */
final class SecretStore implements AutoCloseable {
  private final Store store;
  private final KeyEncryptionKey key;
  private final SecretCatalog catalog;

  private SecretStore(Store store, KeyEncryptionKey key) {
    this.store = store;
    this.key = key;
    this.catalog = new SecretCatalog(store, KeyRing.of(key), Clock.systemUTC());
  }

  /**
   * Opens it.
   *
   * @param file the configuration's file, for messages
   * @throws KeyServerConfigException if the configuration names none
   */
  static SecretStore open(KeyServerConfig config, Path file, SecretMemory memory)
      throws IOException {
    if (config.store().isEmpty() || config.kekFile().isEmpty()) {
      throw new KeyServerConfigException(
          file + ": has no store; add one, for example \"store: {directory: store}\"");
    }
    KeyEncryptionKey key = KeyEncryptionKey.read(config.kekFile().get(), memory);
    try {
      return new SecretStore(Stores.open(config.store().get()), key);
    } catch (IOException | RuntimeException | Error e) {
      key.close();
      throw e;
    }
  }

  SecretCatalog catalog() {
    return catalog;
  }

  @Override
  public void close() {
    store.close();
    key.close();
  }
}
