package io.unsealfs.key.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.SealedSecret;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.key.wire.WireException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A key server with one secret and every way to misbehave. */
final class TestKeyServer implements AutoCloseable {
  static final byte[] SECRET = "correct horse battery staple".getBytes(UTF_8);
  static final SecretTerms TERMS =
      new SecretTerms(
          Optional.of("sha256:00ff"),
          Optional.empty(),
          Optional.of(Instant.ofEpochSecond(1_900_000_000)),
          true);

  final IdentityKey identity;
  final List<SecretRequest> requests = Collections.synchronizedList(new ArrayList<>());
  volatile UnaryOperator<Challenge> challenges = challenge -> challenge;
  volatile UnaryOperator<SecretReply> replies = reply -> reply;
  volatile Optional<StatusRuntimeException> failure = Optional.empty();
  volatile boolean silent;

  /** Whose key it claims to be; it signs with its own. */
  volatile IdentityPublicKey claimed;

  private final Server server;

  TestKeyServer(TestTls tls) throws IOException {
    this(tls, "TLSv1.3", 0);
  }

  TestKeyServer(TestTls tls, String protocol, int port) throws IOException {
    try {
      identity = IdentityKey.fromPem(IdentityKey.generatePem());
      claimed = identity.publicKey();
    } catch (WireException e) {
      throw new IllegalStateException(e);
    }
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .sslContext(tls.server(protocol))
            .maxInboundMessageSize(2 << 20)
            .addService(new Service())
            .build()
            .start();
  }

  String authority() {
    return "127.0.0.1:" + server.getPort();
  }

  String pin() {
    return identity.publicKey().pin().toString();
  }

  static StatusRuntimeException denial(Status status, DenialReason reason) {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of(DenialReason.TRAILER, Metadata.BINARY_BYTE_MARSHALLER), reason.encode());
    return status.asRuntimeException(trailers);
  }

  @Override
  public void close() {
    try {
      server.shutdownNow().awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Service extends SecretServiceGrpc.SecretServiceImplBase {
    @Override
    public void getChallenge(ChallengeRequest request, StreamObserver<Challenge> out) {
      if (silent) {
        return;
      }
      byte[] nonce = new byte[32];
      new SecureRandom().nextBytes(nonce);
      out.onNext(
          challenges.apply(
              Challenge.newBuilder()
                  .setNonce(ByteString.copyFrom(nonce))
                  .setLifetimeMs(60_000)
                  .setIdentityKey(ByteString.copyFrom(claimed.spki()))
                  .build()));
      out.onCompleted();
    }

    @Override
    public void getSecret(SecretRequest request, StreamObserver<SecretReply> out) {
      requests.add(request);
      if (failure.isPresent()) {
        out.onError(failure.get());
        return;
      }
      try {
        out.onNext(replies.apply(answer(request)));
        out.onCompleted();
      } catch (StatusRuntimeException e) {
        out.onError(e);
      } catch (WireException e) {
        out.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
      }
    }

    private SecretReply answer(SecretRequest request) throws WireException {
      Transcript transcript =
          Transcript.of(
              request.getNonce().toByteArray(),
              request.getHpkePublicKey().toByteArray(),
              SecretName.parse(request.getSecretName()),
              claimed);
      boolean bound =
          request
              .getEvidence()
              .getQuote()
              .equals(ByteString.copyFrom(SampleEvidence.document(transcript.reportData())));
      if (!bound) {
        throw denial(Status.PERMISSION_DENIED, DenialReason.BINDING_MISMATCH);
      }
      SealedSecret sealed = SealedSecret.seal(transcript, TermsCodec.encode(TERMS), SECRET);
      return SecretReply.newBuilder()
          .setTerms(ByteString.copyFrom(sealed.terms()))
          .setHpkeEnc(ByteString.copyFrom(sealed.enc()))
          .setCiphertext(ByteString.copyFrom(sealed.ciphertext()))
          .setSignature(ByteString.copyFrom(identity.sign(transcript, sealed)))
          .build();
    }
  }
}
