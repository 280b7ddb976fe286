package io.unsealfs.keyserver;

import com.google.protobuf.ByteString;
import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.grpc.stub.MetadataUtils;
import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.HpkeKeyPair;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.SealedSecret;
import io.unsealfs.key.wire.SecretName;
import io.unsealfs.key.wire.Transcript;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

/** The caller's side by hand, so that every field can be wrong. */
final class StubClient implements AutoCloseable {
  private static final int DEADLINE_SECONDS = 60;

  private final MultiThreadIoEventLoopGroup threads =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;

  StubClient(int port, String protocol) throws IOException {
    this(port, tls(protocol));
  }

  /** A client that shows a certificate. */
  StubClient(int port, TestAuthority.Client shown) throws IOException {
    this(port, tls(shown));
  }

  private StubClient(int port, SslContext tls) {
    this(port, tls, InetAddress.ofLiteral("127.0.0.1"));
  }

  /** A client that calls from an address of this host. */
  static StubClient from(String address, int port) throws IOException {
    return new StubClient(port, tls("TLSv1.3"), InetAddress.ofLiteral(address));
  }

  /** A client that calls from an address of this host and shows a certificate. */
  static StubClient from(String address, int port, TestAuthority.Client shown) throws IOException {
    return new StubClient(port, tls(shown), InetAddress.ofLiteral(address));
  }

  private static SslContext tls(String protocol) throws IOException {
    return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
        .trustManager(InsecureTrustManagerFactory.INSTANCE)
        .protocols(protocol)
        .build();
  }

  private static SslContext tls(TestAuthority.Client shown) throws IOException {
    return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
        .trustManager(InsecureTrustManagerFactory.INSTANCE)
        .keyManager(
            new ByteArrayInputStream(shown.certificatePem()),
            new ByteArrayInputStream(shown.keyPem()))
        .protocols("TLSv1.3")
        .build();
  }

  private StubClient(int port, SslContext tls, InetAddress source) {
    channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))
            .eventLoopGroup(threads)
            .channelType(NioSocketChannel.class, InetSocketAddress.class)
            .localSocketPicker(
                new NettyChannelBuilder.LocalSocketPicker() {
                  @Override
                  public SocketAddress createSocketAddress(
                      SocketAddress remote, Attributes attributes) {
                    return new InetSocketAddress(source, 0);
                  }
                })
            .overrideAuthority("localhost")
            .sslContext(tls)
            .build();
  }

  StubClient(int port) throws IOException {
    this(port, "TLSv1.3");
  }

  /** One conversation: what was signed, and who can open the answer. */
  record Conversation(
      Challenge challenge, HpkeKeyPair pair, Transcript transcript, SecretRequest request) {

    byte[] open(SecretReply reply) throws IOException {
      SealedSecret sealed = sealed(reply);
      IdentityPublicKey.parse(challenge.getIdentityKey().toByteArray())
          .verify(transcript, sealed, reply.getSignature().toByteArray());
      return pair.open(transcript, sealed);
    }

    static SealedSecret sealed(SecretReply reply) throws IOException {
      return SealedSecret.of(
          reply.getTerms().toByteArray(),
          reply.getHpkeEnc().toByteArray(),
          reply.getCiphertext().toByteArray());
    }
  }

  Challenge challenge() {
    return stub().getChallenge(ChallengeRequest.getDefaultInstance());
  }

  /** A challenge asked for with a header of this many characters. */
  Challenge challengeWithHeader(int chars) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("filler", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(chars));
    return stub()
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .getChallenge(ChallengeRequest.getDefaultInstance());
  }

  /** A fresh and correct conversation up to the request. */
  Conversation begin(String name) throws IOException {
    Challenge challenge = challenge();
    HpkeKeyPair pair = HpkeKeyPair.generate();
    Transcript transcript =
        Transcript.of(
            challenge.getNonce().toByteArray(),
            pair.publicKey(),
            SecretName.parse(name),
            IdentityPublicKey.parse(challenge.getIdentityKey().toByteArray()));
    SecretRequest request =
        SecretRequest.newBuilder()
            .setNonce(challenge.getNonce())
            .setSecretName(name)
            .setHpkePublicKey(ByteString.copyFrom(pair.publicKey()))
            .setEvidence(
                Evidence.newBuilder()
                    .setType(SampleEvidence.TYPE)
                    .setQuote(
                        ByteString.copyFrom(SampleEvidence.document(transcript.reportData()))))
            .build();
    return new Conversation(challenge, pair, transcript, request);
  }

  SecretReply ask(SecretRequest request) {
    return stub().getSecret(request);
  }

  private SecretServiceGrpc.SecretServiceBlockingStub stub() {
    return SecretServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
