package io.unsealfs.key.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.WireLimits;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A TLS channel to one server, with a thread of its own; {@link #close} ends both. */
final class ServerChannel implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServerChannel.class.getName());

  private final EventLoopGroup loop;
  private final ManagedChannel channel;

  ServerChannel(ServerAddress server, TrustRules rules) {
    loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("unsealfs-key", true), NioIoHandler.newFactory());
    channel =
        NettyChannelBuilder.forTarget("dns:///" + server)
            .eventLoopGroup(loop)
            .channelType(NioSocketChannel.class)
            .sslContext(rules.tls())
            .proxyDetector(address -> null)
            .disableServiceConfigLookUp()
            .disableRetry()
            .maxInboundMessageSize(WireLimits.MAX_REPLY_BYTES)
            .build();
  }

  /** A stub for one call within {@code deadline}. */
  SecretServiceGrpc.SecretServiceBlockingStub stub(Duration deadline) {
    return SecretServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      // the loop has to outlive the channel's last tasks; a second is ample
      if (!channel.awaitTermination(1, TimeUnit.SECONDS)) {
        LOG.log(System.Logger.Level.DEBUG, "the channel to a key server is slow to close");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Future<?> _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
