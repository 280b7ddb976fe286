package io.unsealfs.daemon;

import io.unsealfs.daemon.status.IdleWatch;
import io.unsealfs.daemon.status.KeyFigures;
import io.unsealfs.daemon.status.Liveness;
import io.unsealfs.daemon.status.MountMetrics;
import io.unsealfs.daemon.status.RecordJson;
import io.unsealfs.daemon.status.StatusSocket;
import io.unsealfs.http.HttpEndpoint;
import io.unsealfs.http.HttpEndpoint.Answer;
import io.unsealfs.mount.Mount;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The ways to look at one mount from outside: the status socket and the HTTP endpoint. */
final class Seeing implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** A mount that takes longer is waited for, and somebody may want to know for what. */
  private static final long SOCKET_DELAY_MILLIS = 300;

  private static final Duration LIVENESS_LIMIT = Duration.ofSeconds(5);
  private static final String JSON_TYPE = "application/json";
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final StatusReport report;
  private final KeyFigures keys;
  private final CountDownLatch mounted = new CountDownLatch(1);
  // guarded by this
  private @Nullable HttpEndpoint endpoint;
  private @Nullable StatusSocket socket;
  private @Nullable MountMetrics metrics;
  private @Nullable IdleWatch idle;
  private @Nullable Exception socketFailure;
  private boolean isMounted;
  private boolean closed;

  private Seeing(StatusReport report, KeyFigures keys) {
    this.report = report;
    this.keys = keys;
  }

  /**
   * Begins to show the mount that {@code report} is about.
   *
   * @param address of the HTTP endpoint, or null for none
   * @throws UsageException if nothing can listen there
   */
  static Seeing begin(@Nullable InetSocketAddress address, StatusReport report, KeyFigures keys)
      throws UsageException {
    Seeing seeing = new Seeing(report, keys);
    if (address != null) {
      seeing.listen(address);
    }
    Thread.ofPlatform().daemon().name("unsealfs-seeing").start(seeing::openSocket);
    return seeing;
  }

  private synchronized void listen(InetSocketAddress address) throws UsageException {
    Liveness liveness = new Liveness(report.session()::look, LIVENESS_LIMIT);
    Map<String, Supplier<Answer>> pages =
        Map.of(
            "/healthz", () -> probe(liveness.isAlive()),
            "/readyz", () -> probe(report.session().state() == MountState.READY),
            "/status", () -> new Answer(200, JSON_TYPE, RecordJson.write(report.get()) + "\n"),
            "/metrics", () -> new Answer(200, METRICS_TYPE, metrics().scrape()));
    try {
      HttpEndpoint listening = HttpEndpoint.start(address, pages);
      endpoint = listening;
      LOG.log(
          Level.INFO,
          "metrics: http://{0}:{1}/metrics",
          text(listening.address()),
          Integer.toString(listening.address().getPort()));
    } catch (IOException e) {
      throw new UsageException(
          "--metrics: cannot listen on "
              + text(address)
              + " port "
              + address.getPort()
              + " ("
              + e.getMessage()
              + "); choose another port, or 0 for a free one");
    }
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return host.contains(":") ? "[" + host + "]" : host;
  }

  private static Answer probe(boolean good) {
    return Answer.text(good ? 200 : 503, good ? "ok\n" : "no\n");
  }

  private synchronized MountMetrics metrics() {
    MountMetrics made = metrics;
    if (made == null) {
      made =
          new MountMetrics(
              report,
              report.failures().requests(),
              keys,
              Arrays.stream(MountState.values()).map(MountState::word).toList());
      metrics = made;
    }
    return made;
  }

  /** Out of the way of the start: a mount that is there at once opens it afterwards. */
  private void openSocket() {
    try {
      boolean _ = mounted.await(SOCKET_DELAY_MILLIS, TimeUnit.MILLISECONDS);
      Path path = RunRecord.socketOf(ProcessHandle.current().pid());
      synchronized (this) {
        if (!closed) {
          socket = StatusSocket.open(path, report);
        }
      }
    } catch (IOException | RuntimeException e) {
      missSocket(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does
    }
  }

  /** A mount that fails has one line of its own to say. */
  private synchronized void missSocket(Exception e) {
    if (!isMounted) {
      socketFailure = e;
    } else if (!closed) {
      LOG.log(Level.WARNING, "no status socket; unsealfs status will not know this mount", e);
    }
  }

  /** The tree is mounted. */
  void mounted() {
    synchronized (this) {
      isMounted = true;
      if (socketFailure != null) {
        missSocket(socketFailure);
      }
    }
    mounted.countDown();
    report
        .idle()
        .ifPresent(time -> {
          synchronized (this) {
            if (!closed) {
              idle =
                  IdleWatch.start(
                      time,
                      report.failures().requests()::uses,
                      () -> report.session().mount().map(Mount::openFiles).orElse(0),
                      () -> endUnused(time));
            }
          }
        });
  }

  private boolean endUnused(Duration time) {
    boolean ended = report.session().unmountUnused();
    if (ended) {
      LOG.log(
          Level.INFO,
          "{0}: unused for {1} s, unmounted (idle=)",
          report.mountPoint(),
          Long.toString(time.toSeconds()));
    }
    return ended;
  }

  @Override
  public void close() {
    HttpEndpoint listening;
    StatusSocket answering;
    MountMetrics counting;
    IdleWatch watching;
    synchronized (this) {
      closed = true;
      listening = endpoint;
      answering = socket;
      counting = metrics;
      watching = idle;
    }
    mounted.countDown();
    if (watching != null) {
      watching.close();
    }
    if (listening != null) {
      listening.close();
    }
    if (answering != null) {
      answering.close();
    }
    if (counting != null) {
      counting.close();
    }
  }
}
