package io.unsealfs.keyserver;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.unsealfs.http.HttpEndpoint;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.keyserver.store.SharedStore;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC secret service: answers challenges, appraises evidence, releases secrets. Runs from
 * {@link #start} to {@link #close}; thread-safe.
 */
public final class KeyServer implements AutoCloseable {
  private static final Logger LOG = System.getLogger(KeyServer.class.getName());

  /** A conversation is two calls, one after the other. */
  private static final int CALLS_PER_CONNECTION = 2;

  private static final int WORKERS = 4;
  private static final int HANDSHAKE_SECONDS = 10;
  private static final int CONNECTION_IDLE_SECONDS = 60;
  private static final int CONNECTION_AGE_SECONDS = 180;
  private static final int CONNECTION_GRACE_SECONDS = 10;
  private static final int KEEPALIVE_SECONDS = 30;
  private static final int MAX_HEADER_BYTES = 8 << 10;
  private static final int RESETS_PER_WINDOW = 100;
  private static final int RESET_WINDOW_SECONDS = 30;
  private static final int FORCED_STOP_SECONDS = 5;
  private static final Duration REQUEST_TIME = Duration.ofSeconds(20);

  private final AuditLog audit;
  private final Appraisers appraisers;
  private final TlsIdentity tls;
  private final Clock clock;
  private final SecretMemory memory;
  private final KekFetcher keks;
  private final KeyServerMonitor monitor;
  private final AtomicInteger openConnections = new AtomicInteger();
  private final Optional<Store> store;
  private final EventLoopGroup accepting = threads(1, "keyserver-accept");
  private final EventLoopGroup connections = threads(2, "keyserver-io");
  private final ExecutorService workers =
      Executors.newFixedThreadPool(WORKERS, new DefaultThreadFactory("keyserver-work", true));
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("keyserver-timer", true));
  private final AtomicBoolean stopping = new AtomicBoolean();
  private volatile boolean ready;
  private volatile KeyServerConfig config;
  private volatile ReleasePolicy policy;
  private @Nullable Nonces nonces;
  private @Nullable Server server;
  private @Nullable HttpEndpoint health;

  private KeyServer(
      KeyServerConfig config,
      ReleasePolicy policy,
      TlsIdentity tls,
      AuditLog audit,
      Appraisers appraisers,
      Clock clock,
      SecretMemory memory,
      KekFetcher keks,
      KeyServerMonitor monitor,
      Optional<Store> store) {
    this.keks = keks;
    this.monitor = monitor;
    this.store = store;
    this.appraisers = appraisers;
    this.config = config;
    this.policy = policy;
    this.tls = tls;
    this.audit = audit;
    this.clock = clock;
    this.memory = memory;
  }

  /**
   * Reads the files that {@code config} names and starts to answer.
   *
   * @param clock the wall clock, for expiries and audit lines
   * @param memory where key-encryption keys are kept
   * @throws KeyServerConfigException if a file or an address cannot be used
   */
  public static KeyServer start(KeyServerConfig config, Clock clock, SecretMemory memory)
      throws IOException {
    Optional<Path> credentials =
        Optional.ofNullable(System.getenv("CREDENTIALS_DIRECTORY")).map(Path::of);
    return start(
        config, clock, memory, KekFetcher.credentials(memory, credentials), KeyServerMonitor.NONE);
  }

  /**
   * Like {@link #start(KeyServerConfig, Clock, SecretMemory)}, with key-encryption keys from
   * wherever {@code keks} fetches them, and somebody who counts.
   *
   * @param keks who asks for key-encryption keys that are not in files
   * @param monitor who counts
   * @throws KeyServerConfigException if a file or an address cannot be used
   */
  public static KeyServer start(
      KeyServerConfig config,
      Clock clock,
      SecretMemory memory,
      KekFetcher keks,
      KeyServerMonitor monitor)
      throws IOException {
    return start(
        config,
        clock,
        System::nanoTime,
        Appraisers.of(config, clock, System::nanoTime),
        memory,
        keks,
        monitor);
  }

  static KeyServer start(
      KeyServerConfig config,
      Clock clock,
      LongSupplier nanoClock,
      Appraisers appraisers,
      SecretMemory memory)
      throws IOException {
    return start(
        config,
        clock,
        nanoClock,
        appraisers,
        memory,
        KekFetcher.credentials(memory, Optional.empty()),
        KeyServerMonitor.NONE);
  }

  static KeyServer start(
      KeyServerConfig config,
      Clock clock,
      LongSupplier nanoClock,
      Appraisers appraisers,
      SecretMemory memory,
      KekFetcher keks,
      KeyServerMonitor monitor)
      throws IOException {
    TlsIdentity tls = TlsIdentity.load(config.tls(), clock.instant());
    Optional<Store> store =
        config.store().isEmpty()
            ? Optional.empty()
            : Optional.of(Stores.open(config.store().get()));
    ReleasePolicy policy;
    try {
      policy = ReleasePolicy.load(config, memory, keks, Optional.empty(), store, clock);
    } catch (IOException | RuntimeException | Error e) {
      store.ifPresent(Store::close);
      throw e;
    }
    AuditLog audit;
    try {
      audit = AuditLog.open(config.auditLog(), clock);
    } catch (IOException e) {
      policy.release();
      store.ifPresent(Store::close);
      throw e;
    }
    KeyServer keyServer =
        new KeyServer(config, policy, tls, audit, appraisers, clock, memory, keks, monitor, store);
    try {
      keyServer.listen(nanoClock);
    } catch (IOException | RuntimeException | Error e) {
      keyServer.close();
      throw e;
    }
    warn(config);
    return keyServer;
  }

  /** The address to listen on; a name is looked up here and not in the configuration. */
  private static InetSocketAddress resolved(String key, InetSocketAddress address)
      throws KeyServerConfigException {
    if (!address.isUnresolved()) {
      return address;
    }
    try {
      return new InetSocketAddress(
          InetAddress.getByName(address.getHostString()), address.getPort());
    } catch (UnknownHostException e) {
      throw new KeyServerConfigException(
          key + ": the host " + address.getHostString() + " is not known here", e);
    }
  }

  private void listen(LongSupplier nanoClock) throws IOException {
    KeyServerConfig.Limits limits = config.limits();
    Nonces nonces = nonces(nanoClock);
    this.nonces = nonces;
    // the JDK's TLS and sockets: no native library is unpacked to disk and loaded
    SslContextBuilder ssl =
        GrpcSslContexts.configure(SslContextBuilder.forServer(tls), SslProvider.JDK)
            .protocols("TLSv1.3");
    ClientAuthorities.configure(ssl, config.callers());
    server =
        NettyServerBuilder.forAddress(resolved("listen", config.listen()))
            .sslContext(ssl.build())
            .channelFactory(() ->
                new BoundedServerChannel(
                    limits.connections(), openConnections, monitor::connectionRefused, nanoClock))
            .bossEventLoopGroup(accepting)
            .workerEventLoopGroup(connections)
            .executor(workers)
            .maxInboundMessageSize(WireLimits.MAX_REQUEST_BYTES)
            .maxInboundMetadataSize(MAX_HEADER_BYTES)
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
            .maxRstFramesPerWindow(RESETS_PER_WINDOW, RESET_WINDOW_SECONDS)
            .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .maxConnectionIdle(CONNECTION_IDLE_SECONDS, TimeUnit.SECONDS)
            .maxConnectionAge(CONNECTION_AGE_SECONDS, TimeUnit.SECONDS)
            .maxConnectionAgeGrace(CONNECTION_GRACE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .intercept(new SlowCalls(REQUEST_TIME, timers))
            .intercept(new Admission(limits, audit, monitor, clock, nanoClock))
            .addService(
                new SecretService(
                    this::acquirePolicy,
                    appraisers,
                    nonces,
                    config.nonceLifetime(),
                    counter(),
                    audit,
                    monitor,
                    clock))
            .build();
    try {
      server.start();
    } catch (IOException e) {
      throw new KeyServerConfigException(
          "listen address " + config.listen() + ": cannot listen there; is it in use?", e);
    }
    if (config.health().isPresent()) {
      health =
          HealthEndpoint.start(
              resolved("health", config.health().get()), () -> ready, monitor::scrape);
    }
    monitor.watch(gauges());
    ready = true;
  }

  private KeyServerMonitor.Gauges gauges() {
    return new KeyServerMonitor.Gauges() {
      @Override
      public int connections() {
        return openConnections.get();
      }

      @Override
      public Optional<Instant> collateralExpires() {
        return appraisers.collateralExpires();
      }

      @Override
      public long auditLines() {
        return audit.lines();
      }
    };
  }

  private Nonces nonces(LongSupplier nanoClock) {
    if (store.isPresent() && store.get() instanceof SharedStore shared) {
      return new SlotNonces(shared, config.nonceLifetime(), policy.identity(), nanoClock);
    }
    return new NonceTable(
        Math.toIntExact(KeyServerConfig.nonceCapacity(config.limits(), config.nonceLifetime())),
        config.nonceLifetime(),
        nanoClock);
  }

  private ReleaseCounter counter() throws IOException {
    ReleaseCounts ofFile = ReleaseCounts.open(config.releaseCounts());
    if (store.isEmpty()) {
      return ofFile;
    }
    StoredReleaseCounts counts = new StoredReleaseCounts(store.get());
    counts.adopt(ofFile.counted());
    return counts;
  }

  private ReleasePolicy acquirePolicy() {
    while (true) {
      ReleasePolicy current = policy;
      if (current.acquire()) {
        return current;
      }
      if (stopping.get()) {
        throw new IllegalStateException("the server has stopped");
      }
    }
  }

  private static EventLoopGroup threads(int count, String name) {
    return new MultiThreadIoEventLoopGroup(
        count, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
  }

  /** The port it listens on. */
  public int port() {
    Server running = server;
    if (running == null) {
      throw new IllegalStateException("the server was not started");
    }
    return running.getPort();
  }

  /** The port of the health endpoint, if there is one. */
  public OptionalInt healthPort() {
    HttpEndpoint endpoint = health;
    return endpoint == null ? OptionalInt.empty() : OptionalInt.of(endpoint.address().getPort());
  }

  /**
   * Whether the threads that accept, talk and appraise all take work within {@code timeout}; also
   * while it stops.
   */
  public boolean isServing(Duration timeout) throws InterruptedException {
    CountDownLatch taken = new CountDownLatch(3);
    try {
      accepting.execute(taken::countDown);
      connections.execute(taken::countDown);
      workers.execute(taken::countDown);
    } catch (RejectedExecutionException e) {
      return stopping.get();
    }
    return taken.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What {@code --server-pin} takes: {@code sha256:} and 64 hexadecimal digits. */
  public String identityPin() {
    ReleasePolicy current = acquirePolicy();
    try {
      return current.identity().publicKey().pin().toString();
    } finally {
      current.release();
    }
  }

  /**
   * Goes on in a fresh audit file and puts what {@code configFile} says now into force; for SIGHUP.
   *
   * @throws KeyServerConfigException if it cannot be used; what was in force stays so
   */
  public void reload(Path configFile) throws IOException {
    try {
      audit.reopen();
    } finally {
      reload(KeyServerConfig.read(configFile));
    }
  }

  /**
   * Puts another configuration into force at once for all requests that begin from here on:
   * secrets, policy, identity key, TLS certificate. Addresses, limits, the audit file and the
   * collateral directory (whose files are read again by themselves) cannot change.
   *
   * @throws KeyServerConfigException if it cannot be used; what was in force stays so
   */
  public synchronized void reload(KeyServerConfig fresh) throws IOException {
    if (stopping.get()) {
      throw new KeyServerConfigException("configuration not reloaded: the server is stopping");
    }
    refuseChanged("listen", config.listen(), fresh.listen());
    refuseChanged("health", config.health(), fresh.health());
    refuseChanged("audit_log", config.auditLog(), fresh.auditLog());
    refuseChanged("release_counts", config.releaseCounts(), fresh.releaseCounts());
    refuseChanged("store", config.store(), fresh.store());
    refuseChanged("limits", config.limits(), fresh.limits());
    refuseChanged("collateral", config.collateral(), fresh.collateral());
    refuseChanged("snp", config.snp(), fresh.snp());
    refuseChanged(
        "client_ca", config.callers().clientAuthorities(), fresh.callers().clientAuthorities());
    refuseChanged(
        "client_auth",
        config.callers().certificateRequired(),
        fresh.callers().certificateRequired());
    refuseChanged("nonce_lifetime_seconds", config.nonceLifetime(), fresh.nonceLifetime());
    TlsIdentity freshTls = TlsIdentity.load(fresh.tls(), clock.instant());
    ReleasePolicy freshPolicy =
        ReleasePolicy.load(fresh, memory, keks, Optional.of(policy), store, clock);
    Optional.ofNullable(nonces).ifPresent(shared -> shared.follow(freshPolicy.identity()));
    ReleasePolicy old = policy;
    tls.replaceBy(freshTls);
    policy = freshPolicy;
    config = fresh;
    old.release();
    warn(fresh);
    LOG.log(Level.INFO, "configuration reloaded, {0} secrets", fresh.secrets().size());
  }

  private static void refuseChanged(String key, Object old, Object fresh)
      throws KeyServerConfigException {
    if (!old.equals(fresh)) {
      throw new KeyServerConfigException(
          "configuration not reloaded, the old one stays: "
              + key
              + " changed, which needs a restart");
    }
  }

  private static void warn(KeyServerConfig config) {
    for (String warning : config.warnings()) {
      LOG.log(Level.WARNING, warning);
    }
  }

  /**
   * Stops: takes no more requests, lets those in flight finish within the grace time, then ends
   * them. Idempotent.
   */
  @Override
  public void close() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    ready = false;
    try {
      Server running = server;
      if (running != null) {
        stop(running);
      }
      // what outlasted the grace time must not answer through connections that are gone
      workers.shutdownNow();
      if (!workers.awaitTermination(FORCED_STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "a request does not end; left behind");
      }
    } catch (InterruptedException e) {
      Optional.ofNullable(server).ifPresent(Server::shutdownNow);
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
    var acceptingEnds = accepting.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    var connectionsEnd = connections.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    acceptingEnds.awaitUninterruptibly(FORCED_STOP_SECONDS, TimeUnit.SECONDS);
    connectionsEnd.awaitUninterruptibly(FORCED_STOP_SECONDS, TimeUnit.SECONDS);
    timers.shutdownNow();
    Optional.ofNullable(health).ifPresent(HttpEndpoint::close);
    appraisers.close();
    synchronized (this) {
      policy.release();
    }
    store.ifPresent(Store::close);
    try {
      audit.close();
    } catch (IOException e) {
      LOG.log(Level.ERROR, "audit log: closing failed", e);
    }
  }

  private void stop(Server running) throws InterruptedException {
    running.shutdown();
    if (!running.awaitTermination(config.shutdownGrace().toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.log(Level.WARNING, "requests were still in flight after the grace time; ended");
      running.shutdownNow();
      running.awaitTermination(FORCED_STOP_SECONDS, TimeUnit.SECONDS);
    }
  }
}
