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
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, from the first byte sent to the last received, and why it ended if it
 * was ended from outside. The connection is cut by whoever ends it: a blocked read then fails, and
 * {@link #explain} says why.
 */
final class Exchange implements AutoCloseable {
  private enum End {
    CANCELLED,
    LATE,
    STALLED,
    CLOSED
  }

  private final HttpUriRequestBase request;
  private final String host;
  private final HttpLimits limits;
  private final AtomicReference<@Nullable End> end = new AtomicReference<>();
  private final Cancellation.Watch cancelWatch;
  private final Future<?> timer;
  private final long startNanos = System.nanoTime();
  private volatile boolean streaming;
  private volatile long received;
  private long receivedBefore;
  private long slowSinceNanos;

  Exchange(
      HttpUriRequestBase request,
      String host,
      HttpLimits limits,
      Watchdog watchdog,
      Cancellation cancellation)
      throws IOException {
    this.request = request;
    this.host = host;
    this.limits = limits;
    long shortest = Math.min(limits.requestTimeout().toNanos(), limits.stallTimeout().toNanos());
    try {
      this.timer = watchdog.every(Math.max(1_000_000, shortest / 8), this::look);
    } catch (RejectedExecutionException e) {
      throw new StoreUnavailableException("the store was closed", 0);
    }
    this.cancelWatch = cancellation.onCancel(() -> cut(End.CANCELLED));
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

  /** Cuts the connection, if nobody did before. */
  void cut() {
    cut(End.CLOSED);
  }

  private void cut(End reason) {
    if (end.compareAndSet(null, reason)) {
      boolean _ = request.cancel();
    }
  }

  /** What a failure of the connection means. */
  IOException explain(IOException failure) {
    return switch (end.get()) {
      case CANCELLED -> new CancelledReadException("the request to " + host + " was cancelled");
      case LATE ->
          new StoreUnavailableException(
              host + " did not answer within " + limits.requestTimeout().toMillis() + " ms", 0);
      case STALLED ->
          new StoreUnavailableException(
              host + " stalled: less than 1 KiB/s for " + limits.stallTimeout().toMillis() + " ms",
              0);
      case CLOSED -> new StoreUnavailableException("the connection to " + host + " was closed", 0);
      case null -> explainConnection(failure);
    };
  }

  private IOException explainConnection(IOException failure) {
    if (failure instanceof MessageConstraintException) {
      return new StoreProtocolException(host + " sent a header that is too large", failure);
    }
    if (streaming
        && (failure instanceof ConnectionClosedException
            || failure instanceof TruncatedChunkException)) {
      return new TruncatedObjectException(
          host + " ended the answer after " + received + " bytes, too early", failure);
    }
    return new StoreUnavailableException(host + ": " + cause(failure), failure);
  }

  /** What breaks HTTP itself. */
  IOException explain(HttpException failure) {
    return new StoreProtocolException(host + " does not speak HTTP as it should", failure);
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

  @Override
  public void close() {
    cancelWatch.close();
    boolean _ = timer.cancel(false);
  }
}
