package io.unsealfs.keyserver;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.verify.policy.Requester;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Turns callers away that are too fast, before their request is read, and tells the service who
 * calls. Challenges and requests for secrets are counted apart, so that a flood of the first, which
 * cost nothing to ask for, does not stop those who hold evidence.
 *
 * <p>What it turns away gets at most one audit line per second, which counts the others: the log
 * must not be what a flood fills.
 */
final class Admission implements ServerInterceptor {
  static final Context.Key<InetSocketAddress> PEER = Context.key("unsealfs-peer");

  private static final Context.Key<RateLimiter> CLIENTS = Context.key("unsealfs-clients");
  private static final Context.Key<SSLSession> TLS_SESSION = Context.key("unsealfs-tls-session");

  /** Stands for a caller whose address is not known; all of those share one bucket. */
  private static final InetSocketAddress UNKNOWN_PEER =
      new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0);

  private static final Logger LOG = System.getLogger(Admission.class.getName());
  private static final long LINE_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  private final RateLimiter challenges;
  private final RateLimiter secrets;

  /** Of those who ask for secrets and proved who they are, wherever they come from. */
  private final RateLimiter clients;

  private final AuditLog audit;
  private final KeyServerMonitor monitor;
  private final Clock clock;
  private final LongSupplier nanoClock;
  // both guarded by this
  private long lastLineNanos;
  private long unlogged;

  Admission(
      KeyServerConfig.Limits limits,
      AuditLog audit,
      KeyServerMonitor monitor,
      Clock clock,
      LongSupplier nanoClock) {
    this.monitor = monitor;
    this.challenges = limiter(limits, nanoClock);
    this.secrets = limiter(limits, nanoClock);
    this.clients = limiter(limits, nanoClock);
    this.audit = audit;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.lastLineNanos = nanoClock.getAsLong() - LINE_INTERVAL_NANOS;
  }

  /**
   * Who asks, by the certificate of its connection, if it showed one.
   *
   * @param preSharedKey name of the key it proved to hold
   */
  static Requester requester(Optional<String> preSharedKey) {
    return new Requester(certificateSha256(TLS_SESSION.get()), preSharedKey);
  }

  private boolean admitsHolderOfCertificate(@Nullable SSLSession session) {
    Optional<String> certificate = certificateSha256(session);
    return certificate.isEmpty() || clients.admit("certificate:" + certificate.get());
  }

  private static Optional<String> certificateSha256(@Nullable SSLSession session) {
    if (session == null) {
      return Optional.empty();
    }
    try {
      byte[] certificate = session.getPeerCertificates()[0].getEncoded();
      return Optional.of(
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate)));
    } catch (SSLPeerUnverifiedException | CertificateEncodingException e) {
      return Optional.empty();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /**
   * Whether the holder of a pre-shared key may go on now. Only asked for who proved to hold it:
   * else anybody could use up another's share.
   */
  static boolean admitsHolderOf(String preSharedKey) {
    RateLimiter limiter = CLIENTS.get();
    return limiter == null || limiter.admit("psk:" + preSharedKey);
  }

  private static RateLimiter limiter(KeyServerConfig.Limits limits, LongSupplier nanoClock) {
    return new RateLimiter(
        new RateLimiter.Rate(limits.perSecondPerPeer(), limits.burstPerPeer()),
        new RateLimiter.Rate(limits.perSecond(), limits.burst()),
        limits.peers(),
        nanoClock);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    InetSocketAddress peer =
        call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress known
            ? known
            : UNKNOWN_PEER;
    boolean isChallenge =
        call.getMethodDescriptor()
            .getFullMethodName()
            .equals(SecretServiceGrpc.getGetChallengeMethod().getFullMethodName());
    SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (!(isChallenge ? challenges : secrets).admit(peer.getAddress())
        || (!isChallenge && !admitsHolderOfCertificate(session))) {
      monitor.rateLimited(isChallenge ? "challenge" : "secret");
      recordTurnedAway(peer);
      call.close(
          Denied.status(DenialReason.RATE_LIMITED), Denied.trailer(DenialReason.RATE_LIMITED));
      return new ServerCall.Listener<>() {};
    }
    return Contexts.interceptCall(
        Context.current()
            .withValue(PEER, peer)
            .withValue(TLS_SESSION, session)
            .withValue(CLIENTS, clients),
        call,
        headers,
        next);
  }

  private void recordTurnedAway(InetSocketAddress peer) {
    long others;
    synchronized (this) {
      long now = nanoClock.getAsLong();
      if (now - lastLineNanos < LINE_INTERVAL_NANOS) {
        unlogged++;
        return;
      }
      lastLineNanos = now;
      others = unlogged;
      unlogged = 0;
    }
    try {
      audit.append(
          new AuditLog.Entry(
              clock.instant(),
              peer.getAddress().getHostAddress() + ":" + peer.getPort(),
              "",
              "",
              "refused",
              DenialReason.RATE_LIMITED.name(),
              "over the rate limit; " + others + " others since the last such line",
              List.of()));
    } catch (IOException e) {
      LOG.log(Level.ERROR, "audit log: a line could not be written", e);
    }
  }
}
