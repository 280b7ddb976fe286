package io.unsealfs.keyserver;

import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where a key server keeps its secrets and counts: {@code store} in its configuration. */
public sealed interface StoreConfig {

  /** A directory of this host, for one server. */
  record Directory(Path path) implements StoreConfig {}

  /**
   * An etcd cluster, for several servers.
   *
   * @param endpoints its members, all {@code https} or all {@code http}
   * @param prefix what its keys begin with
   * @param tls whom to trust and what to show; empty for {@code http}
   * @param user who to log in as; nobody if empty
   * @param timeout how long one question to it may take
   */
  record Etcd(
      List<URI> endpoints,
      String prefix,
      Optional<EtcdTls> tls,
      Optional<EtcdUser> user,
      Duration timeout)
      implements StoreConfig {
    /** Copies the list. */
    public Etcd {
      endpoints = List.copyOf(endpoints);
    }
  }

  /**
   * PEM files for the way to etcd.
   *
   * @param authorities who may have signed etcd's certificates
   * @param certificate what this server shows; nothing if empty
   * @param key its private key
   */
  record EtcdTls(Path authorities, Optional<Path> certificate, Optional<Path> key) {}

  /** A user of etcd and the file that holds its password. */
  record EtcdUser(String name, Path passwordFile) {}

  /** Reads the mapping {@code store}; relative paths count from {@code base}. */
  static StoreConfig read(YamlMapping store, Path base) throws YamlException {
    if (store.has("directory") == store.has("etcd")) {
      throw store.bad("directory", "or etcd must be given (one of them, not both)");
    }
    StoreConfig answer;
    if (store.has("directory")) {
      answer = new Directory(path(store, "directory", base));
    } else {
      Optional<YamlMapping> etcd = store.mapping("etcd");
      answer = etcd(etcd.orElseThrow(() -> store.bad("etcd", "must be a mapping")), base);
    }
    store.finish();
    return answer;
  }

  private static Etcd etcd(YamlMapping yaml, Path base) throws YamlException {
    List<URI> endpoints = new ArrayList<>();
    for (String text : yaml.texts("endpoints")) {
      endpoints.add(endpoint(yaml, text));
    }
    if (endpoints.isEmpty() || endpoints.size() > 16) {
      throw yaml.bad("endpoints", "must list 1 to 16 members, such as https://etcd-1:2379");
    }
    boolean isTls = "https".equals(endpoints.getFirst().getScheme());
    if (endpoints.stream().anyMatch(one -> "https".equals(one.getScheme()) != isTls)) {
      throw yaml.bad("endpoints", "must be all https or all http");
    }
    if (isTls != yaml.has("ca")) {
      throw yaml.bad("ca", "goes with https endpoints and with nothing else");
    }
    if (yaml.has("certificate") != yaml.has("key") || (yaml.has("key") && !isTls)) {
      throw yaml.bad("certificate", "and key go together, and with https");
    }
    if (yaml.has("user") != yaml.has("password_file")) {
      throw yaml.bad("user", "and password_file go together");
    }
    String prefix = yaml.optionalText("prefix").orElse("unsealfs/keyserver/");
    if (!prefix.matches("[\\x21-\\x7e]{1,128}")) {
      throw yaml.bad("prefix", "must have 1 to 128 printable ASCII characters");
    }
    Optional<EtcdTls> tls =
        isTls
            ? Optional.of(
                new EtcdTls(
                    path(yaml, "ca", base),
                    optionalPath(yaml, "certificate", base),
                    optionalPath(yaml, "key", base)))
            : Optional.empty();
    Optional<EtcdUser> user =
        yaml.has("user")
            ? Optional.of(new EtcdUser(yaml.text("user"), path(yaml, "password_file", base)))
            : Optional.empty();
    Etcd answer =
        new Etcd(
            endpoints,
            prefix,
            tls,
            user,
            Duration.ofSeconds(yaml.number("timeout_seconds", 1, 60, 3)));
    yaml.finish();
    return answer;
  }

  private static URI endpoint(YamlMapping yaml, String text) throws YamlException {
    try {
      URI uri = new URI(text);
      if (("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getPort() > 0
          && uri.getUserInfo() == null
          && uri.getPath().isEmpty()
          && uri.getQuery() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      YamlException bad = yaml.bad("endpoints", "holds something that is no URL");
      bad.initCause(e);
      throw bad;
    }
    throw yaml.bad("endpoints", "must be https://HOST:PORT or http://HOST:PORT");
  }

  private static Optional<Path> optionalPath(YamlMapping yaml, String key, Path base)
      throws YamlException {
    return yaml.has(key) ? Optional.of(path(yaml, key, base)) : Optional.empty();
  }

  private static Path path(YamlMapping yaml, String key, Path base) throws YamlException {
    try {
      return base.resolve(yaml.text(key));
    } catch (InvalidPathException e) {
      YamlException bad = yaml.bad(key, "is not a path");
      bad.initCause(e);
      throw bad;
    }
  }
}
