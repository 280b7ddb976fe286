package io.unsealfs.keyserver;

import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code keyserver --config FILE} says. Names files but holds none of their content; {@link
 * KeyServer} reads them.
 *
 * @param listen where the service listens, a host name not looked up yet; port 0 takes a free one
 * @param tls the certificate that hides conversations from bystanders
 * @param identityKey Ed25519 PKCS#8 PEM file: the key that clients pin
 * @param keks where the keys that secrets are wrapped under come from; the first one wraps
 * @param allowSample whether sample evidence, which proves nothing, may release anything at all
 * @param policy file that says what has to be shown for secrets that do not say so themselves
 * @param releaseCounts file that counts the releases of secrets whose policy limits them
 * @param secrets what there is to release
 * @param nonceLifetime how long a challenge may be answered
 * @param limits bounds on what clients may use up
 * @param auditLog file of the audit lines; standard error if empty
 * @param health where {@code /healthz} and {@code /readyz} are answered; nowhere if empty
 * @param shutdownGrace how long requests in flight may take when the server stops
 * @param collateral what TDX evidence is judged by; without it such evidence is refused
 * @param snp directory of certificates and revocation lists that SEV-SNP evidence is judged by;
 *     without it such evidence is refused
 * @param callers who may call
 * @param store where further secrets are, and counts; nowhere if empty
 */
public record KeyServerConfig(
    InetSocketAddress listen,
    Tls tls,
    Path identityKey,
    List<KekSource> keks,
    boolean allowSample,
    Optional<Path> policy,
    Optional<Path> releaseCounts,
    List<SecretEntry> secrets,
    Duration nonceLifetime,
    Limits limits,
    Optional<Path> auditLog,
    Optional<InetSocketAddress> health,
    Duration shutdownGrace,
    Optional<Collateral> collateral,
    Optional<Path> snp,
    Callers callers,
    Optional<StoreConfig> store) {

  private static final int MAX_CONFIG_BYTES = 1 << 20;
  private static final int MAX_SECRETS = 4096;
  private static final int MAX_NONCES = 1 << 16;
  private static final Pattern ADDRESS =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.%]{2,64})]|([0-9A-Za-z.-]{1,253})):([0-9]{1,5})");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  /** Copies the lists. */
  public KeyServerConfig {
    keks = List.copyOf(keks);
    secrets = List.copyOf(secrets);
  }

  /**
   * What TDX evidence is judged by.
   *
   * @param directory files as {@code collateral fetch} writes them
   * @param url a service that is asked for what is missing or ends soon; none if empty
   * @param proxy an HTTP proxy on the way there; none if empty
   * @param minimumEvaluationNumber of collateral to be taken; 0 takes any
   */
  public record Collateral(
      Path directory,
      Optional<URI> url,
      Optional<InetSocketAddress> proxy,
      int minimumEvaluationNumber) {}

  /** Where the TLS certificate comes from. */
  public sealed interface Tls {
    /** Made at start, kept in memory: clients recognise the server by its identity key. */
    record SelfSigned() implements Tls {}

    /**
     * PEM files.
     *
     * @param certificateChain the server's certificate first
     * @param key its private key
     */
    record PemFiles(Path certificateChain, Path key) implements Tls {}
  }

  /**
   * One secret.
   *
   * @param name what clients ask for
   * @param file the file that holds it
   * @param insecurePlaintext whether the file holds the bare secret and not a {@link WrappedSecret}
   * @param evidence the types of evidence that release it; empty if the policy says so
   * @param volumeDigest the volume it is for
   * @param headerDigest the header it is for
   * @param expiresAt when it must no longer be used; it is not released from then on
   * @param lease how long it may be used without asking again
   * @param storeCredentials a file with credentials of the object store that the volume lies in,
   *     read at each release
   */
  public record SecretEntry(
      String name,
      Path file,
      boolean insecurePlaintext,
      Set<String> evidence,
      Optional<String> volumeDigest,
      Optional<String> headerDigest,
      Optional<Instant> expiresAt,
      LeaseTerms lease,
      Optional<Path> storeCredentials) {
    /** Copies the set. */
    public SecretEntry {
      evidence = Set.copyOf(evidence);
    }

    /** A secret without a lease. */
    public SecretEntry(
        String name,
        Path file,
        boolean insecurePlaintext,
        Set<String> evidence,
        Optional<String> volumeDigest,
        Optional<String> headerDigest,
        Optional<Instant> expiresAt) {
      this(
          name,
          file,
          insecurePlaintext,
          evidence,
          volumeDigest,
          headerDigest,
          expiresAt,
          LeaseTerms.NONE,
          Optional.empty());
    }
  }

  /**
   * Bounds on what clients may use up. Challenges and requests for secrets are counted apart.
   *
   * @param perSecond calls per second from all clients
   * @param burst calls at once from all clients
   * @param perSecondPerPeer calls per second from one address (IPv6: one /64)
   * @param burstPerPeer calls at once from one address
   * @param peers how many addresses are remembered
   * @param connections how many connections are open at once
   */
  public record Limits(
      int perSecond,
      int burst,
      int perSecondPerPeer,
      int burstPerPeer,
      int peers,
      int connections) {
    static final Limits DEFAULT = new Limits(200, 400, 20, 40, 16_384, 256);
  }

  /**
   * Reads a configuration file. Relative paths in it count from its directory.
   *
   * @throws KeyServerConfigException if it cannot be read or says anything that is not understood
   */
  public static KeyServerConfig read(Path file) throws KeyServerConfigException {
    byte[] bytes = OwnerOnlyFile.readPublic(file, "configuration", MAX_CONFIG_BYTES);
    try {
      return new Reader(file).config(YamlMapping.read(bytes, "configuration " + file));
    } catch (YamlException e) {
      throw new KeyServerConfigException(String.valueOf(e.getMessage()), e);
    }
  }

  /** What an operator should know about an otherwise valid configuration; one line each. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (allowSample) {
      warnings.add("INSECURE: allow_sample is true; sample evidence proves nothing about who asks");
    }
    for (SecretEntry secret : secrets) {
      if (secret.insecurePlaintext()) {
        warnings.add("INSECURE: secret " + secret.name() + " lies on disk in plaintext");
      }
      if (!allowSample && secret.evidence().equals(Set.of("sample"))) {
        warnings.add(
            "secret "
                + secret.name()
                + " is never released: it takes sample evidence only and allow_sample is not set");
      }
    }
    return warnings;
  }

  /** Turns the mapping into values; remembers the directory that relative paths count from. */
  private static final class Reader {
    private final Path base;

    Reader(Path file) {
      Path parent = file.toAbsolutePath().getParent();
      this.base = parent == null ? Path.of("/") : parent;
    }

    KeyServerConfig config(YamlMapping yaml) throws YamlException {
      InetSocketAddress listen = address(yaml, "listen", yaml.text("listen"));
      Optional<String> health = yaml.optionalText("health");
      Duration nonceLifetime =
          Duration.ofSeconds(yaml.number("nonce_lifetime_seconds", 1, 600, 60));
      List<KekSource> keks = KekSource.read(yaml, base);
      Optional<Path> policy = optionalPath(yaml, "policy");
      Limits limits = limits(yaml, nonceLifetime);
      KeyServerConfig config =
          new KeyServerConfig(
              listen,
              tls(yaml),
              path(yaml, "identity_key"),
              keks,
              yaml.flag("allow_sample"),
              policy,
              optionalPath(yaml, "release_counts"),
              secrets(yaml, !keks.isEmpty(), policy.isPresent()),
              nonceLifetime,
              limits,
              optionalPath(yaml, "audit_log"),
              health.isEmpty()
                  ? Optional.empty()
                  : Optional.of(address(yaml, "health", health.get())),
              Duration.ofSeconds(yaml.number("shutdown_grace_seconds", 0, 600, 10)),
              collateral(yaml),
              snp(yaml),
              Callers.read(yaml, base, !keks.isEmpty()),
              store(yaml, !keks.isEmpty()));
      yaml.finish();
      return config;
    }

    private Optional<StoreConfig> store(YamlMapping yaml, boolean hasKek) throws YamlException {
      Optional<YamlMapping> found = yaml.mapping("store");
      if (found.isEmpty()) {
        return Optional.empty();
      }
      if (!hasKek) {
        throw yaml.bad(
            "store", "holds wrapped secrets, which need kek_file or keks at the top level");
      }
      return Optional.of(StoreConfig.read(found.get(), base));
    }

    private Tls tls(YamlMapping yaml) throws YamlException {
      Optional<YamlMapping> found = yaml.mapping("tls");
      if (found.isEmpty()) {
        throw yaml.bad("tls", "is missing: name certificate_chain and key, or self_signed: true");
      }
      YamlMapping tls = found.get();
      boolean selfSigned = tls.flag("self_signed");
      if (selfSigned == (tls.has("certificate_chain") || tls.has("key"))) {
        throw yaml.bad("tls", "needs either self_signed: true or certificate_chain and key");
      }
      Tls answer =
          selfSigned
              ? new Tls.SelfSigned()
              : new Tls.PemFiles(path(tls, "certificate_chain"), path(tls, "key"));
      tls.finish();
      return answer;
    }

    private Optional<Collateral> collateral(YamlMapping yaml) throws YamlException {
      Optional<YamlMapping> found = yaml.mapping("collateral");
      if (found.isEmpty()) {
        return Optional.empty();
      }
      YamlMapping collateral = found.get();
      Collateral answer =
          new Collateral(
              path(collateral, "directory"),
              url(collateral),
              proxy(collateral),
              collateral.number("minimum_evaluation_number", 0, 1_000_000, 0));
      collateral.finish();
      return Optional.of(answer);
    }

    private Optional<Path> snp(YamlMapping yaml) throws YamlException {
      Optional<YamlMapping> found = yaml.mapping("snp");
      if (found.isEmpty()) {
        return Optional.empty();
      }
      Path directory = path(found.get(), "directory");
      found.get().finish();
      return Optional.of(directory);
    }

    private static Optional<URI> url(YamlMapping collateral) throws YamlException {
      Optional<String> text = collateral.optionalText("url");
      if (text.isEmpty()) {
        return Optional.empty();
      }
      try {
        URI uri = new URI(text.get());
        if (("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
            && uri.getHost() != null
            && uri.getUserInfo() == null) {
          return Optional.of(uri);
        }
      } catch (URISyntaxException e) {
        YamlException bad = collateral.bad("url", "is no URL");
        bad.initCause(e);
        throw bad;
      }
      throw collateral.bad("url", "must be http://HOST:PORT or https://HOST:PORT");
    }

    private static Optional<InetSocketAddress> proxy(YamlMapping collateral) throws YamlException {
      Optional<String> text = collateral.optionalText("proxy");
      return text.isEmpty()
          ? Optional.empty()
          : Optional.of(address(collateral, "proxy", text.get()));
    }

    private Limits limits(YamlMapping yaml, Duration nonceLifetime) throws YamlException {
      Optional<YamlMapping> found = yaml.mapping("limits");
      if (found.isEmpty()) {
        return checked(yaml, Limits.DEFAULT, nonceLifetime);
      }
      YamlMapping limits = found.get();
      Limits absent = Limits.DEFAULT;
      Limits answer =
          new Limits(
              limits.number("per_second", 1, 50_000, absent.perSecond()),
              limits.number("burst", 1, 50_000, absent.burst()),
              limits.number("per_second_per_peer", 1, 50_000, absent.perSecondPerPeer()),
              limits.number("burst_per_peer", 1, 50_000, absent.burstPerPeer()),
              limits.number("peers", 1, 1_000_000, absent.peers()),
              limits.number("connections", 1, 65_536, absent.connections()));
      limits.finish();
      return checked(yaml, answer, nonceLifetime);
    }

    /** See {@link NonceTable}: what the rate limit lets through must find room there. */
    private static Limits checked(YamlMapping yaml, Limits limits, Duration nonceLifetime)
        throws YamlException {
      if (nonceCapacity(limits, nonceLifetime) > MAX_NONCES) {
        throw yaml.bad(
            "limits",
            "let more than "
                + MAX_NONCES
                + " requests into one nonce_lifetime_seconds; lower per_second, burst or the lifetime");
      }
      return limits;
    }

    private List<SecretEntry> secrets(YamlMapping yaml, boolean hasKek, boolean hasPolicy)
        throws YamlException {
      List<SecretEntry> secrets = new ArrayList<>();
      Set<String> names = new HashSet<>();
      for (YamlMapping entry : yaml.mappings("secrets")) {
        SecretEntry secret = secret(entry, hasKek, hasPolicy);
        if (!names.add(secret.name())) {
          throw entry.bad("name", "is used by another secret already");
        }
        secrets.add(secret);
      }
      if (secrets.size() > MAX_SECRETS || (secrets.isEmpty() && !yaml.has("store"))) {
        throw yaml.bad("secrets", "must list 1 to " + MAX_SECRETS + " secrets");
      }
      return secrets;
    }

    private SecretEntry secret(YamlMapping entry, boolean hasKek, boolean hasPolicy)
        throws YamlException {
      String name = entry.text("name");
      if (!WrappedSecret.isName(name)) {
        throw entry.bad(
            "name",
            "must have 1 to "
                + WireLimits.MAX_NAME_BYTES
                + " bytes of UTF-8 and no control characters");
      }
      boolean plaintext = entry.has("insecure_plaintext_file");
      if (plaintext == entry.has("file")) {
        throw entry.bad("file", "or insecure_plaintext_file must be given (one of them, not both)");
      }
      if (!plaintext && !hasKek) {
        throw entry.bad(
            "file", "is a wrapped secret, which needs kek_file or keks at the top level");
      }
      SecretEntry secret =
          new SecretEntry(
              name,
              path(entry, plaintext ? "insecure_plaintext_file" : "file"),
              plaintext,
              hasPolicy && !entry.has("evidence") ? Set.of() : evidence(entry),
              digest(entry, "volume_digest"),
              digest(entry, "header_digest"),
              instant(entry, "expires_at"),
              LeaseConfig.of(entry),
              optionalPath(entry, "store_credentials"));
      entry.finish();
      return secret;
    }

    private static Set<String> evidence(YamlMapping entry) throws YamlException {
      List<String> texts = entry.texts("evidence");
      if (texts.isEmpty()) {
        throw entry.bad(
            "evidence",
            "must list the types of evidence that release the secret, or leave it to a policy");
      }
      Set<String> types = new LinkedHashSet<>();
      for (String type : texts) {
        switch (type) {
          case "sample" -> {
            if (!types.add(type)) {
              throw entry.bad("evidence", "lists a type twice");
            }
          }
          case "tdx", "snp" ->
              throw entry.bad(
                  "evidence",
                  "lists " + type + ", which needs rules: write them into the policy file");
          case "none" -> throw entry.bad("evidence", "lists none, which never releases a secret");
          default -> throw entry.bad("evidence", "lists an unknown type; known: tdx, sample");
        }
      }
      return types;
    }

    private static Optional<String> digest(YamlMapping entry, String key) throws YamlException {
      Optional<String> digest = entry.optionalText(key);
      if (digest.isPresent() && !DIGEST.matcher(digest.get()).matches()) {
        throw entry.bad(key, "must be sha256: and 64 hexadecimal digits in lower case");
      }
      return digest;
    }

    private static Optional<Instant> instant(YamlMapping entry, String key) throws YamlException {
      Optional<String> text = entry.optionalText(key);
      if (text.isEmpty()) {
        return Optional.empty();
      }
      try {
        Instant instant = Instant.parse(text.get());
        if (instant.getEpochSecond() > 0) {
          return Optional.of(instant);
        }
      } catch (DateTimeException e) {
        // reported below, like a time before 1970
      }
      throw entry.bad(key, "must be a time such as 2027-01-31T12:00:00Z (RFC 3339)");
    }

    private Optional<Path> optionalPath(YamlMapping yaml, String key) throws YamlException {
      return yaml.has(key) ? Optional.of(path(yaml, key)) : Optional.empty();
    }

    private Path path(YamlMapping yaml, String key) throws YamlException {
      try {
        return base.resolve(yaml.text(key));
      } catch (InvalidPathException e) {
        YamlException bad = yaml.bad(key, "is not a path");
        bad.initCause(e);
        throw bad;
      }
    }

    private static InetSocketAddress address(YamlMapping yaml, String key, String text)
        throws YamlException {
      Matcher matcher = ADDRESS.matcher(text);
      if (!matcher.matches()) {
        throw yaml.bad(key, "must be HOST:PORT, an IPv6 address in brackets");
      }
      int port = Integer.parseInt(matcher.group(3));
      if (port > 0xFFFF) {
        throw yaml.bad(key, "has a port above 65535");
      }
      String ipv6 = matcher.group(1);
      if (ipv6 == null && !isIpv4(matcher.group(2))) {
        // looked up when the server listens: a check of the file must not wait for a name server
        return InetSocketAddress.createUnresolved(matcher.group(2), port);
      }
      try {
        return new InetSocketAddress(
            InetAddress.ofLiteral(ipv6 != null ? ipv6 : matcher.group(2)), port);
      } catch (IllegalArgumentException e) {
        YamlException bad = yaml.bad(key, "is no address of a host");
        bad.initCause(e);
        throw bad;
      }
    }
  }

  /** Whether it consists of digits and dots only, which no host name does. */
  private static boolean isIpv4(String host) {
    return host.matches("[0-9.]+");
  }

  /** How many nonces can be spent within a lifetime at the most. */
  static long nonceCapacity(Limits limits, Duration nonceLifetime) {
    return limits.burst() + limits.perSecond() * (nonceLifetime.toSeconds() + 1);
  }
}
