package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;

/** A real etcd of one member, on a free port of this host. */
public final class EtcdServer implements AutoCloseable {
  private static final int TRIES = 3;

  private final Path data;
  private final int port;
  private final List<String> more;
  private final String scheme;
  private @Nullable Process process;

  private EtcdServer(Path data, String scheme, List<String> more) throws IOException {
    this.data = data;
    this.scheme = scheme;
    this.more = more;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = free.getLocalPort();
    }
  }

  /** Starts one with its data below {@code directory}; without etcd the test is skipped. */
  public static EtcdServer start(Path directory) throws IOException, InterruptedException {
    return start(directory, "http", List.of());
  }

  /** Starts one with more options. */
  public static EtcdServer start(Path directory, String scheme, List<String> more)
      throws IOException, InterruptedException {
    boolean isThere =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "etcd")));
    if (!isThere && "true".equals(System.getenv("CI"))) {
      fail("this machine lacks the program etcd");
    }
    assumeTrue(isThere, "this machine lacks the program etcd");
    for (int tries = 1; ; tries++) {
      EtcdServer server = new EtcdServer(directory.resolve("etcd"), scheme, more);
      Optional<String> failure = server.begin();
      if (failure.isEmpty()) {
        return server;
      }
      // somebody else may have taken the port that was free
      if (tries == TRIES) {
        fail(failure.get());
      }
    }
  }

  /** Starts it (again), on its port and data. */
  public void run() throws IOException, InterruptedException {
    begin().ifPresent(Assertions::fail);
  }

  /** Starts it; why it does not serve, if it does not. */
  private Optional<String> begin() throws IOException, InterruptedException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "etcd",
                "--data-dir=" + data,
                "--listen-client-urls=" + url(),
                "--advertise-client-urls=" + url(),
                "--listen-peer-urls=http://127.0.0.1:0"));
    words.addAll(more);
    Process started = new ProcessBuilder(words).redirectErrorStream(true).start();
    process = started;
    AtomicBoolean serves = new AtomicBoolean();
    CountDownLatch decided = new CountDownLatch(1);
    List<String> said = new ArrayList<>();
    Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader out =
              new BufferedReader(new InputStreamReader(started.getInputStream(), UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
              synchronized (said) {
                said.add(line);
              }
              if (line.contains("ready to serve client requests")) {
                serves.set(true);
                decided.countDown();
              }
            }
          } catch (IOException e) {
            // it was killed
          } finally {
            decided.countDown();
          }
        });
    if (decided.await(60, TimeUnit.SECONDS) && serves.get()) {
      return Optional.empty();
    }
    kill();
    synchronized (said) {
      return Optional.of("etcd did not start; it said " + String.join("\n", said));
    }
  }

  /** Kills it as a power cut would; {@link #run} brings it back. */
  public void kill() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
      running.onExit().join();
    }
  }

  /** Where it listens. */
  public String url() {
    return scheme + "://127.0.0.1:" + port;
  }

  /** Options for a client, with keys of their own below {@code prefix}. */
  public EtcdOptions options(String prefix) {
    return new EtcdOptions(
        List.of(URI.create(url())), prefix, Optional.empty(), Optional.empty(), timeout());
  }

  static Duration timeout() {
    // a bound, not an expectation: the machine may be busy
    return Duration.ofSeconds(30);
  }

  @Override
  public void close() {
    kill();
  }
}
