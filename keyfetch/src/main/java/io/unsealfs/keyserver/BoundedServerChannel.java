package io.unsealfs.keyserver;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandler;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * A listening socket with room for a number of connections. gRPC bounds the calls of a connection,
 * but not the connections; each could hold a whole request in memory.
 *
 * <p>Where there is no room, the connection that has been without a finished TLS handshake for
 * longest makes some, if that is longer than an honest one takes: otherwise whoever opens
 * connections and says nothing would keep everybody else out. If there is none such, the new
 * connection is closed at once.
 */
final class BoundedServerChannel extends NioServerSocketChannel {
  private static final long HANDSHAKE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final int maxConnections;
  private final AtomicInteger open;
  private final Runnable refused;
  private final LongSupplier nanoClock;
  // when each was accepted, the oldest first; those with a finished handshake leave it when they
  // are looked at. Touched by the accepting thread and, at the end of a connection, by its own
  private final Map<Channel, Long> unfinished = new LinkedHashMap<>();

  /**
   * A socket.
   *
   * @param open counts the connections
   * @param refused is told of each one that was closed for want of room
   * @param nanoClock a monotonic clock in nanoseconds
   */
  BoundedServerChannel(
      int maxConnections, AtomicInteger open, Runnable refused, LongSupplier nanoClock) {
    this.maxConnections = maxConnections;
    this.open = open;
    this.refused = refused;
    this.nanoClock = nanoClock;
  }

  @Override
  protected int doReadMessages(List<Object> accepted) throws Exception {
    int count = super.doReadMessages(accepted);
    if (count != 1) {
      return count;
    }
    Channel connection = (Channel) accepted.getLast();
    long now = nanoClock.getAsLong();
    if (open.get() >= maxConnections) {
      refused.run();
      if (!makeRoom(now)) {
        accepted.removeLast();
        connection.unsafe().closeForcibly();
        return 0;
      }
    }
    open.incrementAndGet();
    synchronized (unfinished) {
      unfinished.put(connection, now);
    }
    var _ =
        connection
            .closeFuture()
            .addListener(_ -> {
              open.decrementAndGet();
              synchronized (unfinished) {
                unfinished.remove(connection);
              }
            });
    return count;
  }

  private boolean makeRoom(long now) {
    Channel slowest = null;
    synchronized (unfinished) {
      Iterator<Map.Entry<Channel, Long>> oldest = unfinished.entrySet().iterator();
      while (slowest == null && oldest.hasNext()) {
        Map.Entry<Channel, Long> entry = oldest.next();
        if (hasFinished(entry.getKey())) {
          oldest.remove();
        } else if (now - entry.getValue() > HANDSHAKE_NANOS) {
          slowest = entry.getKey();
          oldest.remove();
        } else {
          break;
        }
      }
    }
    if (slowest == null) {
      return false;
    }
    var _ = slowest.close();
    return true;
  }

  private static boolean hasFinished(Channel connection) {
    SslHandler tls = connection.pipeline().get(SslHandler.class);
    return tls != null && tls.handshakeFuture().isSuccess();
  }
}
