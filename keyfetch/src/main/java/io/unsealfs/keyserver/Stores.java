package io.unsealfs.keyserver;

import io.unsealfs.keyserver.store.EtcdOptions;
import io.unsealfs.keyserver.store.EtcdStore;
import io.unsealfs.keyserver.store.FileStore;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Opens the store that a configuration names. */
public final class Stores {
  private static final int MAX_PEM_BYTES = 1 << 20;
  private static final int MAX_PASSWORD_BYTES = 1024;

  private Stores() {}

  /**
   * Opens it; etcd need not be reachable yet.
   *
   * @throws KeyServerConfigException if a file it needs cannot be used
   * @throws io.unsealfs.keyserver.store.StoreException if a directory cannot be used
   */
  public static Store open(StoreConfig config) throws IOException {
    return switch (config) {
      case StoreConfig.Directory directory -> FileStore.open(directory.path());
      case StoreConfig.Etcd etcd -> EtcdStore.open(options(etcd));
    };
  }

  private static EtcdOptions options(StoreConfig.Etcd etcd) throws KeyServerConfigException {
    Optional<EtcdOptions.Tls> tls = Optional.empty();
    if (etcd.tls().isPresent()) {
      tls = Optional.of(tls(etcd.tls().get()));
    }
    Optional<EtcdOptions.User> user = Optional.empty();
    if (etcd.user().isPresent()) {
      user = Optional.of(user(etcd.user().get()));
    }
    return new EtcdOptions(etcd.endpoints(), etcd.prefix(), tls, user, etcd.timeout());
  }

  private static EtcdOptions.Tls tls(StoreConfig.EtcdTls files) throws KeyServerConfigException {
    byte[] authorities =
        OwnerOnlyFile.readPublic(files.authorities(), "certificate authorities", MAX_PEM_BYTES);
    if (files.certificate().isEmpty() || files.key().isEmpty()) {
      return new EtcdOptions.Tls(authorities, Optional.empty());
    }
    return new EtcdOptions.Tls(
        authorities,
        Optional.of(
            new EtcdOptions.ClientCertificate(
                OwnerOnlyFile.readPublic(
                    files.certificate().get(), "certificate for etcd", MAX_PEM_BYTES),
                OwnerOnlyFile.readSecret(files.key().get(), "key for etcd", MAX_PEM_BYTES))));
  }

  private static EtcdOptions.User user(StoreConfig.EtcdUser user) throws KeyServerConfigException {
    byte[] content =
        OwnerOnlyFile.readSecret(user.passwordFile(), "password for etcd", MAX_PASSWORD_BYTES);
    int end = content.length;
    while (end > 0 && (content[end - 1] == '\n' || content[end - 1] == '\r')) {
      end--;
    }
    byte[] password = Arrays.copyOf(content, end);
    Arrays.fill(content, (byte) 0);
    return new EtcdOptions.User(user.name(), password);
  }
}
