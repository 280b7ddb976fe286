package io.unsealfs.keyserver;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Token buckets: one per peer and one for all. Thread-safe, bounded memory.
 *
 * <p>A request is first charged to its peer, so that one noisy peer is stopped before it eats from
 * the common bucket. IPv6 peers are told apart by their /64: whoever has one address there has all.
 * The table of peers is bounded; the one unseen for longest is forgotten and starts anew with a
 * full bucket, which helps nobody who does not own that many networks, and them the common bucket
 * stops.
 */
final class RateLimiter {
  private static final int IPV6_NETWORK_BYTES = 8;

  /**
   * A rate.
   *
   * @param perSecond tokens added per second
   * @param burst what a bucket holds at most
   */
  record Rate(int perSecond, int burst) {}

  private final Rate perPeer;
  private final int maxPeers;
  private final LongSupplier nanoClock;
  // both guarded by this
  private final Bucket all;
  private final Map<ByteBuffer, Bucket> peers = new LinkedHashMap<>(16, 0.75f, true);

  RateLimiter(Rate perPeer, Rate all, int maxPeers, LongSupplier nanoClock) {
    this.perPeer = perPeer;
    this.maxPeers = maxPeers;
    this.nanoClock = nanoClock;
    this.all = new Bucket(all, nanoClock.getAsLong());
  }

  /** Whether a request of {@code peer} may go on now. */
  boolean admit(InetAddress peer) {
    return admit(network(peer));
  }

  /** Whether a request of a client that proved who it is may go on now. */
  boolean admit(String client) {
    return admit(ByteBuffer.wrap(client.getBytes(StandardCharsets.UTF_8)));
  }

  private synchronized boolean admit(ByteBuffer key) {
    long now = nanoClock.getAsLong();
    Bucket bucket = peers.get(key);
    if (bucket == null) {
      if (peers.size() >= maxPeers) {
        var eldest = peers.keySet().iterator();
        eldest.next();
        eldest.remove();
      }
      bucket = new Bucket(perPeer, now);
      peers.put(key, bucket);
    }
    return bucket.take(now) && all.take(now);
  }

  /** How many peers are remembered. */
  synchronized int peers() {
    return peers.size();
  }

  private static ByteBuffer network(InetAddress peer) {
    byte[] address = peer.getAddress();
    return ByteBuffer.wrap(
        peer instanceof Inet6Address ? Arrays.copyOf(address, IPV6_NETWORK_BYTES) : address);
  }

  /** Counts in billionths of a token, so that no request rate is too slow to earn anything. */
  private static final class Bucket {
    private static final long TOKEN = TimeUnit.SECONDS.toNanos(1);
    private final Rate rate;
    private long content;
    private long filledAt;

    Bucket(Rate rate, long now) {
      this.rate = rate;
      this.content = rate.burst() * TOKEN;
      this.filledAt = now;
    }

    boolean take(long now) {
      long full = rate.burst() * TOKEN;
      long elapsed = Math.max(0, now - filledAt);
      // elapsed * rate may overflow after a long pause, when the bucket is full for certain
      long missing = full - content;
      content =
          elapsed >= missing / rate.perSecond() + 1 ? full : content + elapsed * rate.perSecond();
      filledAt = now;
      if (content < TOKEN) {
        return false;
      }
      content -= TOKEN;
      return true;
    }
  }
}
