package io.unsealfs.keyserver.store;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How to reach an etcd cluster.
 *
 * @param endpoints its members
 * @param prefix what all keys begin with
 * @param tls for {@code https}
 * @param user who to log in as
 * @param timeout how long one call may take
 */
public record EtcdOptions(
    List<URI> endpoints, String prefix, Optional<Tls> tls, Optional<User> user, Duration timeout) {

  /** Copies the list. */
  public EtcdOptions {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * TLS, as PEM.
   *
   * @param authorities who may have signed the cluster's certificates
   * @param client what is shown to the cluster
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  public record Tls(byte[] authorities, Optional<ClientCertificate> client) {}

  /** A certificate chain and its private key, as PEM; the key is wiped once it is read. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  public record ClientCertificate(byte[] chain, byte[] keyToWipe) {}

  /** A user; the client keeps the password, to log in again. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  public record User(String name, byte[] password) {}
}
