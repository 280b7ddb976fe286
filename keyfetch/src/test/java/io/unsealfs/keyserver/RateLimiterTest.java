package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.keyserver.RateLimiter.Rate;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
  private static final Rate PLENTY = new Rate(50_000, 50_000);
  private final AtomicLong nanos = new AtomicLong(-3);

  private int admitted(RateLimiter limiter, String peer, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; i++) {
      admitted += limiter.admit(InetAddress.ofLiteral(peer)) ? 1 : 0;
    }
    return admitted;
  }

  @Test
  void aPeerGetsItsBurstAndThenItsRate() {
    RateLimiter limiter = new RateLimiter(new Rate(2, 5), PLENTY, 10, nanos::get);
    assertEquals(5, admitted(limiter, "192.0.2.1", 100));
    nanos.addAndGet(Duration.ofMillis(499).toNanos());
    assertEquals(0, admitted(limiter, "192.0.2.1", 100));
    nanos.addAndGet(Duration.ofMillis(1).toNanos());
    assertEquals(1, admitted(limiter, "192.0.2.1", 100));
    nanos.addAndGet(Duration.ofDays(10_000).toNanos());
    assertEquals(5, admitted(limiter, "192.0.2.1", 100), "never more than the burst");
  }

  @Test
  void oneNoisyPeerDoesNotStopTheOthers() {
    RateLimiter limiter = new RateLimiter(new Rate(1, 3), new Rate(1, 6), 10, nanos::get);
    assertEquals(3, admitted(limiter, "192.0.2.1", 1000));
    assertEquals(3, admitted(limiter, "192.0.2.2", 3));
  }

  @Test
  void manyPeersTogetherAreStoppedByTheCommonBucket() {
    RateLimiter limiter = new RateLimiter(PLENTY, new Rate(1, 10), 1000, nanos::get);
    int admitted = 0;
    for (int peer = 0; peer < 250; peer++) {
      admitted += admitted(limiter, "192.0.2." + peer, 2);
    }
    assertEquals(10, admitted);
  }

  @Test
  void anIpv6PeerIsItsNetwork() {
    RateLimiter limiter = new RateLimiter(new Rate(1, 1), PLENTY, 10, nanos::get);
    assertEquals(1, admitted(limiter, "2001:db8:0:1::1", 1));
    assertEquals(0, admitted(limiter, "2001:db8:0:1:ffff::2", 1));
    assertEquals(1, admitted(limiter, "2001:db8:0:2::1", 1));
  }

  @Test
  void theTableOfPeersIsBoundedAndForgetsTheLongestUnseen() {
    RateLimiter limiter = new RateLimiter(new Rate(1, 1), PLENTY, 3, nanos::get);
    InetAddress first = InetAddress.ofLiteral("192.0.2.1");
    assertTrue(limiter.admit(first));
    for (int peer = 2; peer < 100; peer++) {
      limiter.admit(InetAddress.ofLiteral("192.0.2." + peer));
      assertFalse(limiter.admit(first), "seen all the time, so not forgotten");
    }
    assertEquals(3, limiter.peers());
  }
}
