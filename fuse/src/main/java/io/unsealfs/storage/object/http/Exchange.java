package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.TruncatedObjectException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer over one connection, from the first byte sent to the last received,
 * and why it ended if it was ended from outside. The connection is cut by whoever ends it: a
 * blocked read then fails, and {@link #explain} says why. It is cut or given back, never both:
 * whichever comes first.
 */
final class Exchange implements AutoCloseable {
  private enum End {
    COMPLETE,
    CANCELLED,
    LATE,
    STALLED,
    CLOSED
  }

  private final HttpHost host;
  private final HttpLimits limits;
  private final ConnectionPool pool;
  private final AtomicReference<@Nullable End> end = new AtomicReference<>();
  private final Cancellation.Watch cancelWatch;
  private final Future<?> timer;
  private final long startNanos = System.nanoTime();
  private volatile @Nullable Connection connection;
  private volatile boolean streaming;
  private volatile long received;
  private long receivedBefore;
  private long slowSinceNanos;

  Exchange(
      HttpHost host,
      HttpLimits limits,
      ConnectionPool pool,
      Watchdog watchdog,
      Cancellation cancellation)
      throws IOException {
    this.host = host;
    this.limits = limits;
    this.pool = pool;
    long shortest = Math.min(limits.requestTimeout().toNanos(), limits.stallTimeout().toNanos());
    try {
      this.timer = watchdog.every(Math.max(1_000_000, shortest / 8), this::look);
    } catch (RejectedExecutionException e) {
      throw new StoreUnavailableException("the store was closed", 0);
    }
    this.cancelWatch = cancellation.onCancel(() -> cut(End.CANCELLED));
  }

  /** A connection for it, made if need be. */
  Connection connect() throws IOException {
    Connection taken = pool.take(host, limits.requestTimeout(), () -> end.get() != null);
    connection = taken;
    if (end.get() != null) {
      taken.abort();
    }
    taken.connect(limits.connectTimeout());
    return taken;
  }

  /** From now on bytes of an object come: what counts is that they keep coming. */
  void streaming() {
    slowSinceNanos = System.nanoTime();
    streaming = true;
  }

  /** Says how many bytes of the body there are by now. Called by the reading thread only. */
  void received(long total) {
    received = total;
  }

  private void look() {
    long now = System.nanoTime();
    if (!streaming) {
      Duration allowed = limits.connectTimeout().plus(limits.requestTimeout());
      if (now - startNanos > allowed.toNanos()) {
        cut(End.LATE);
      }
      return;
    }
    long elapsed = now - slowSinceNanos;
    long total = received;
    double wanted = elapsed / 1e9 * HttpLimits.STALL_BYTES_PER_SECOND;
    if (total - receivedBefore > Math.max(wanted, 0)) {
      receivedBefore = total;
      slowSinceNanos = now;
    } else if (elapsed > limits.stallTimeout().toNanos()) {
      cut(End.STALLED);
    }
  }

  private void cut(End reason) {
    if (end.compareAndSet(null, reason)) {
      Connection cut = connection;
      if (cut != null) {
        cut.abort();
      }
    }
  }

  /**
   * The answer was read to its end, unless it was cut before.
   *
   * @param keepNanos how long the connection may serve others; 0 if it may not
   */
  void complete(long keepNanos) {
    Connection served = connection;
    if (end.compareAndSet(null, End.COMPLETE) && served != null && keepNanos > 0) {
      served.rests(keepNanos);
      connection = null;
      pool.giveBack(served);
    }
    close();
  }

  /** What a failure of the connection means. */
  IOException explain(IOException failure) {
    return switch (end.get()) {
      case CANCELLED -> new CancelledReadException("the request to " + host() + " was cancelled");
      case LATE ->
          new StoreUnavailableException(
              host() + " did not answer within " + limits.requestTimeout().toMillis() + " ms", 0);
      case STALLED ->
          new StoreUnavailableException(
              host()
                  + " stalled: less than 1 KiB/s for "
                  + limits.stallTimeout().toMillis()
                  + " ms",
              0);
      case CLOSED ->
          new StoreUnavailableException("the connection to " + host() + " was closed", 0);
      case COMPLETE -> failure;
      case null -> explainConnection(failure);
    };
  }

  private IOException explainConnection(IOException failure) {
    if (failure instanceof MessageConstraintException) {
      return new StoreProtocolException(host() + " sent a header that is too large", failure);
    }
    if (streaming
        && (failure instanceof ConnectionClosedException
            || failure instanceof TruncatedChunkException)) {
      return new TruncatedObjectException(
          host() + " ended the answer after " + received + " bytes, too early", failure);
    }
    return new StoreUnavailableException(host() + ": " + cause(failure), failure);
  }

  /** What breaks HTTP itself. */
  IOException explain(HttpException failure) {
    return new StoreProtocolException(host() + " does not speak HTTP as it should", failure);
  }

  private String host() {
    return host.toHostString();
  }

  private static String cause(IOException failure) {
    return switch (failure) {
      case java.net.UnknownHostException e -> "no such host; check endpoint and DNS";
      case java.net.SocketTimeoutException e -> "no connection or no answer in time";
      case java.net.ConnectException e -> "connection refused; check the endpoint";
      case javax.net.ssl.SSLException e -> "TLS failed; check the endpoint's certificate";
      default -> "the connection broke";
    };
  }

  /** It is over: the connection is cut if it was not given back. Idempotent. */
  @Override
  public void close() {
    cancelWatch.close();
    boolean _ = timer.cancel(false);
    cut(End.CLOSED);
    Connection left = connection;
    if (left != null) {
      pool.discard(left);
    }
  }
}
