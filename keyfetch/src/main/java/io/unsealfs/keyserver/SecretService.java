package io.unsealfs.keyserver;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.unsealfs.attest.Evidence;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.SealedSecret;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.keyserver.store.StoreUnavailableException;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.policy.Requester;
import io.unsealfs.verify.policy.SecretPolicy;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The conversation: challenge, evidence, sealed secret.
 *
 * <p>A request passes, in this order: the rate limit ({@link Admission}), the nonce, which is spent
 * from here on, the sizes, the transcript, the appraisal, and only then the question whether there
 * is such a secret. So whatever a caller learns about its own doing, it learns without any secret
 * being looked at; and a secret that does not exist is answered as one that is not for it. A secret
 * leaves only after its audit line is written.
 */
final class SecretService extends SecretServiceGrpc.SecretServiceImplBase {
  private static final Logger LOG = System.getLogger(SecretService.class.getName());

  /** The word of audit log and figures for a store that is away. */
  private static final String STORE_UNAVAILABLE = "STORE_UNAVAILABLE";

  private static final Appraiser PSK_ONLY = new PskOnlyAppraiser();

  /** The kinds of evidence that are counted by name; callers may write anything there. */
  private static final Set<String> TEES = Set.of("tdx", "sgx", "snp", "sample", "none");

  private final Supplier<ReleasePolicy> policies;
  private final Appraisers appraisers;
  private final Nonces nonces;
  private final Duration nonceLifetime;
  private final ReleaseCounter counts;
  private final AuditLog audit;
  private final KeyServerMonitor monitor;
  private final Clock clock;

  /** What is known of a request by the time its line is written. */
  private static final class Findings {
    private Optional<Claims> measurement = Optional.empty();
    private Optional<String> preSharedKey = Optional.empty();
  }

  /**
   * The service.
   *
   * @param policies the policy in force, acquired for one request
   * @param counts of secrets that may be released a certain number of times
   */
  SecretService(
      Supplier<ReleasePolicy> policies,
      Appraisers appraisers,
      Nonces nonces,
      Duration nonceLifetime,
      ReleaseCounter counts,
      AuditLog audit,
      KeyServerMonitor monitor,
      Clock clock) {
    this.policies = policies;
    this.appraisers = appraisers;
    this.nonces = nonces;
    this.nonceLifetime = nonceLifetime;
    this.counts = counts;
    this.audit = audit;
    this.monitor = monitor;
    this.clock = clock;
  }

  @Override
  public void getChallenge(ChallengeRequest request, StreamObserver<Challenge> caller) {
    tolerateLeaving(caller);
    Challenge challenge;
    try {
      ReleasePolicy policy = policies.get();
      try {
        challenge =
            Challenge.newBuilder()
                .setNonce(ByteString.copyFrom(nonces.issue()))
                .setLifetimeMs(Math.toIntExact(nonceLifetime.toMillis()))
                .setIdentityKey(ByteString.copyFrom(policy.identity().publicKey().spki()))
                .build();
      } finally {
        policy.release();
      }
    } catch (StoreUnavailableException e) {
      monitor.denied(STORE_UNAVAILABLE);
      caller.onError(unavailable(e).asRuntimeException());
      return;
    } catch (StoreException | RuntimeException | Error e) {
      LOG.log(Level.ERROR, "a challenge could not be made", e);
      caller.onError(Status.INTERNAL.asRuntimeException());
      return;
    }
    monitor.challenged();
    caller.onNext(challenge);
    caller.onCompleted();
  }

  @Override
  public void getSecret(SecretRequest request, StreamObserver<SecretReply> caller) {
    tolerateLeaving(caller);
    SecretReply reply;
    Findings findings = new Findings();
    try {
      ReleasePolicy policy = policies.get();
      try {
        reply = release(policy, request, findings);
      } finally {
        policy.release();
      }
      append(request, findings, "released", "RELEASED", "", List.of());
    } catch (Denied e) {
      appendOrLog(
          request, findings, "refused", e.reason().name(), e.getMessage(), e.failedChecks());
      caller.onError(Denied.status(e.reason()).asRuntimeException(Denied.trailer(e.reason())));
      return;
    } catch (WireException e) {
      appendOrLog(request, findings, "refused", "INVALID_REQUEST", e.getMessage(), List.of());
      caller.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
      return;
    } catch (StoreUnavailableException e) {
      appendOrLog(request, findings, "failed", STORE_UNAVAILABLE, e.getMessage(), List.of());
      caller.onError(unavailable(e).asRuntimeException());
      return;
    } catch (IOException | RuntimeException | Error e) {
      LOG.log(Level.ERROR, "a request failed", e);
      appendOrLog(request, findings, "failed", "INTERNAL", e.getClass().getSimpleName(), List.of());
      caller.onError(Status.INTERNAL.asRuntimeException());
      return;
    }
    monitor.released();
    caller.onNext(reply);
    caller.onCompleted();
  }

  /** A caller that hangs up before it is answered is no fault; without a handler gRPC throws. */
  private static void tolerateLeaving(StreamObserver<?> caller) {
    if (caller instanceof ServerCallStreamObserver<?> call) {
      call.setOnCancelHandler(() -> {});
    }
  }

  /** The caller may try again; where the store is and what is wrong with it is not for it. */
  private static Status unavailable(StoreUnavailableException e) {
    LOG.log(Level.WARNING, e.getMessage());
    return Status.UNAVAILABLE.withDescription("the server's store is away; try again later");
  }

  private SecretReply release(ReleasePolicy policy, SecretRequest request, Findings findings)
      throws Denied, IOException {
    byte[] nonce = request.getNonce().toByteArray();
    switch (nonces.use(nonce)) {
      case FRESH -> {}
      case INVALID ->
          throw new Denied(DenialReason.NONCE_INVALID, "unknown, used or too old nonce");
      case FULL -> throw new Denied(DenialReason.RATE_LIMITED, "no room for spent nonces");
    }
    Evidence evidence = evidence(request.getEvidence());
    SecretName name = SecretName.parse(request.getSecretName());
    Transcript transcript =
        Transcript.of(
            nonce, request.getHpkePublicKey().toByteArray(), name, policy.identity().publicKey());
    Optional<String> preSharedKey = provedKey(policy, request, transcript);
    findings.preSharedKey = preSharedKey;
    long begin = System.nanoTime();
    Appraisal appraisal =
        appraiser(policy, evidence, preSharedKey).appraise(evidence, transcript.reportData());
    findings.measurement = appraisal.claims();
    // the rules of the secret may accept what the defaults do not
    boolean genuine =
        appraisal.failures().stream().allMatch(one -> one.kind() == FailedCheck.Kind.POLICY);
    monitor.appraised(
        TEES.contains(evidence.type()) ? evidence.type() : "other",
        genuine,
        System.nanoTime() - begin);
    if (!genuine) {
      throw refusal(appraisal);
    }
    ReleasePolicy.Releasable secret = find(policy, name);
    judge(secret, evidence, appraisal, Admission.requester(preSharedKey));
    byte[] plaintext = secret.unwrap();
    try {
      SealedSecret sealed = SealedSecret.seal(transcript, secret.terms(clock.instant()), plaintext);
      return SecretReply.newBuilder()
          .setTerms(ByteString.copyFrom(sealed.terms()))
          .setHpkeEnc(ByteString.copyFrom(sealed.enc()))
          .setCiphertext(ByteString.copyFrom(sealed.ciphertext()))
          .setSignature(ByteString.copyFrom(policy.identity().sign(transcript, sealed)))
          .build();
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  private Appraiser appraiser(
      ReleasePolicy policy, Evidence evidence, Optional<String> preSharedKey) {
    return preSharedKey.isPresent() && evidence.type().equals(PSK_ONLY.evidenceType())
        ? PSK_ONLY
        : appraisers.forType(evidence.type(), policy.allowSample());
  }

  /** The name of the key that the caller proved to hold; empty if it claims to hold none. */
  private static Optional<String> provedKey(
      ReleasePolicy policy, SecretRequest request, Transcript transcript) throws Denied {
    if (!request.hasPskProof()) {
      return Optional.empty();
    }
    String id = request.getPskProof().getKeyId();
    if (!policy
        .preSharedKeys()
        .proves(id, request.getPskProof().getMac().toByteArray(), transcript)) {
      throw new Denied(
          DenialReason.NOT_RELEASED,
          "the proof of a pre-shared key does not hold for this request");
    }
    if (!Admission.admitsHolderOf(id)) {
      throw new Denied(
          DenialReason.RATE_LIMITED, "the holders of pre-shared key " + id + " ask too often");
    }
    return Optional.of(id);
  }

  private ReleasePolicy.Releasable find(ReleasePolicy policy, SecretName name)
      throws Denied, IOException {
    ReleasePolicy.Releasable secret = policy.find(name.text());
    if (secret == null) {
      secret = policy.findStored(name.text(), clock.instant());
    }
    if (secret.expiresAt().isPresent() && !clock.instant().isBefore(secret.expiresAt().get())) {
      throw new Denied(
          DenialReason.NOT_RELEASED, "the secret expired at " + secret.expiresAt().get());
    }
    return secret;
  }

  /** Holds the evidence against the secret's rules; the last step, so that only it is counted. */
  private void judge(
      ReleasePolicy.Releasable secret, Evidence evidence, Appraisal verified, Requester requester)
      throws Denied, IOException {
    SecretPolicy rules = secret.policy();
    Appraisal appraisal = rules.appraise(evidence, verified, requester, clock.instant());
    if (!appraisal.accepted()) {
      throw new Denied(
          DenialReason.NOT_RELEASED, "the secret's policy was not met", appraisal.failures());
    }
    if (rules.maxReleases().isPresent()
        && !counts.take(rules.name(), rules.maxReleases().getAsInt())) {
      throw new Denied(
          DenialReason.NOT_RELEASED,
          "the secret was released " + rules.maxReleases().getAsInt() + " times, its max_releases");
    }
  }

  private static Evidence evidence(io.unsealfs.key.proto.v1.Evidence message) throws Denied {
    // the type may have as many characters as bytes allowed at most
    if (message.getType().length() > WireLimits.MAX_EVIDENCE_TYPE_BYTES
        || message.getQuote().size() > WireLimits.MAX_QUOTE_BYTES
        || message.getEventLog().size() > WireLimits.MAX_EVENT_LOG_BYTES) {
      throw new Denied(DenialReason.EVIDENCE_MALFORMED, "evidence is too large");
    }
    return new Evidence(
        message.getType(), message.getQuote().toByteArray(), message.getEventLog().toByteArray());
  }

  private static Denied refusal(Appraisal appraisal) {
    DenialReason reason =
        switch (appraisal.failures().get(0).kind()) {
          case UNSUPPORTED -> DenialReason.EVIDENCE_UNSUPPORTED;
          case MALFORMED -> DenialReason.EVIDENCE_MALFORMED;
          case BINDING -> DenialReason.BINDING_MISMATCH;
          case UNTRUSTED, POLICY -> DenialReason.NOT_RELEASED;
        };
    return new Denied(reason, "the evidence was not accepted", appraisal.failures());
  }

  private void appendOrLog(
      SecretRequest request,
      Findings findings,
      String verdict,
      String reason,
      @Nullable String detail,
      List<FailedCheck> failedChecks) {
    try {
      append(request, findings, verdict, reason, detail == null ? "" : detail, failedChecks);
    } catch (IOException e) {
      LOG.log(Level.ERROR, "audit log: a line could not be written", e);
    }
  }

  private void append(
      SecretRequest request,
      Findings findings,
      String verdict,
      String reason,
      String detail,
      List<FailedCheck> failedChecks)
      throws IOException {
    if (!verdict.equals("released")) {
      monitor.denied(reason);
    }
    InetSocketAddress peer = Admission.PEER.get();
    audit.append(
        new AuditLog.Entry(
            clock.instant(),
            peer == null ? "" : peer.getAddress().getHostAddress() + ":" + peer.getPort(),
            Admission.requester(findings.preSharedKey),
            request.getSecretName(),
            request.getEvidence().getType(),
            findings.measurement,
            verdict,
            reason,
            detail,
            failedChecks));
  }
}
