package io.unsealfs.storage.object.http;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.hc.core5.http.HttpHost;
import org.jspecify.annotations.Nullable;

/** Connections, a bounded number, kept between requests. Thread-safe. */
final class ConnectionPool implements Closeable {
  /** Whoever waits for a place looks up that often whether he still wants one. */
  private static final long LOOK_MILLIS = 50;

  private final int most;
  private final Function<HttpHost, Connection> connections;
  private final Deque<Connection> idle = new ArrayDeque<>(); // guarded by this: latest used first
  private final Set<Connection> used = new HashSet<>(); // guarded by this
  private boolean closed; // guarded by this

  /**
   * An empty pool.
   *
   * @param most connections at a time, to all hosts together
   * @param connections makes one that is still to be connected
   */
  ConnectionPool(int most, Function<HttpHost, Connection> connections) {
    this.most = most;
    this.connections = connections;
  }

  /**
   * A connection to {@code host}, maybe still to be made, for the caller alone until {@link
   * #giveBack} or {@link #discard}.
   *
   * @param patience how long to wait for a place
   * @param unwanted whether the caller has lost interest meanwhile
   */
  Connection take(HttpHost host, Duration patience, BooleanSupplier unwanted) throws IOException {
    long until = System.nanoTime() + patience.toNanos();
    while (true) {
      Connection found = find(host, until, unwanted);
      if (found.isUsable()) {
        return found;
      }
      discard(found);
    }
  }

  private synchronized Connection find(HttpHost host, long untilNanos, BooleanSupplier unwanted)
      throws IOException {
    while (true) {
      if (closed || unwanted.getAsBoolean()) {
        throw new IOException("closed");
      }
      Connection found = idleTo(host);
      if (found == null && used.size() + idle.size() >= most) {
        Connection oldest = idle.pollLast();
        if (oldest != null) {
          oldest.abort();
        }
      }
      if (found == null && used.size() < most) {
        found = connections.apply(host);
      }
      if (found != null) {
        used.add(found);
        return found;
      }
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(untilNanos - System.nanoTime());
      if (leftMillis <= 0) {
        throw new java.net.SocketTimeoutException("all connections are in use");
      }
      try {
        wait(Math.min(leftMillis, LOOK_MILLIS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted =
            new InterruptedIOException("interrupted while waiting for a connection");
        interrupted.initCause(e);
        throw interrupted;
      }
    }
  }

  private @Nullable Connection idleTo(HttpHost host) {
    for (Iterator<Connection> all = idle.iterator(); all.hasNext(); ) {
      Connection connection = all.next();
      if (connection.host().equals(host)) {
        all.remove();
        return connection;
      }
    }
    return null;
  }

  /** Takes a connection back that may serve again. */
  void giveBack(Connection connection) {
    synchronized (this) {
      if (used.remove(connection) && !closed) {
        idle.addFirst(connection);
        notifyAll();
        return;
      }
    }
    connection.abort();
  }

  /** Ends a connection. Idempotent. */
  void discard(Connection connection) {
    synchronized (this) {
      if (used.remove(connection)) {
        notifyAll();
      }
    }
    connection.abort();
  }

  /** Ends all connections, those in use as well. */
  @Override
  public void close() {
    List<Connection> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(idle);
      all.addAll(used);
      idle.clear();
      notifyAll();
    }
    all.forEach(Connection::abort);
  }
}
