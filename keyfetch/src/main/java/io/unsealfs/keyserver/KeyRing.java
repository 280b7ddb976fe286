package io.unsealfs.keyserver;

import java.util.Optional;

/** The key-encryption keys that a server or a command has. */
public interface KeyRing {

  /** The key under which secrets are wrapped and records sealed from now on. */
  KeyEncryptionKey current();

  /** The key of that {@link KeyEncryptionKey#id}, if it is one of these. */
  Optional<KeyEncryptionKey> find(String id);

  /**
   * A ring of {@code keys}: the first one is the current one.
   *
   * @throws KeyServerConfigException if there is none
   */
  static KeyRing of(KeyEncryptionKeys keys) throws KeyServerConfigException {
    KeyEncryptionKey current = keys.current();
    return new KeyRing() {
      @Override
      public KeyEncryptionKey current() {
        return current;
      }

      @Override
      public Optional<KeyEncryptionKey> find(String id) {
        return keys.find(id);
      }
    };
  }

  /** A ring of one. */
  static KeyRing of(KeyEncryptionKey only) {
    return new KeyRing() {
      @Override
      public KeyEncryptionKey current() {
        return only;
      }

      @Override
      public Optional<KeyEncryptionKey> find(String id) {
        return only.id().equals(id) ? Optional.of(only) : Optional.empty();
      }
    };
  }
}
