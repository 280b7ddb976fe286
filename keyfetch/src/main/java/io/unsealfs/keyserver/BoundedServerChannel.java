package io.unsealfs.keyserver;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A listening socket that closes connections above a number at once. gRPC bounds the calls of a
 * connection, but not the connections; each could hold a whole request in memory.
 */
final class BoundedServerChannel extends NioServerSocketChannel {
  private final int maxConnections;
  // touched by the accepting thread and, at the end of a connection, by its own
  private final AtomicInteger open = new AtomicInteger();

  BoundedServerChannel(int maxConnections) {
    this.maxConnections = maxConnections;
  }

  @Override
  protected int doReadMessages(List<Object> accepted) throws Exception {
    int count = super.doReadMessages(accepted);
    if (count != 1) {
      return count;
    }
    Channel connection = (Channel) accepted.getLast();
    if (open.get() >= maxConnections) {
      accepted.removeLast();
      connection.unsafe().closeForcibly();
      return 0;
    }
    open.incrementAndGet();
    var _ = connection.closeFuture().addListener(_ -> open.decrementAndGet());
    return count;
  }
}
