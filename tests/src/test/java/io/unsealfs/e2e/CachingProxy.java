package io.unsealfs.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** An nginx that keeps what passes through it, in pieces of 1 MiB. */
final class CachingProxy implements AutoCloseable {
  private static final long START_SECONDS = 30;

  private final Process nginx;
  private final int port;

  private CachingProxy(Process nginx, int port) {
    this.nginx = nginx;
    this.port = port;
  }

  /** Starts one in front of {@code origin}. */
  static CachingProxy before(String origin, Path scratch) throws IOException {
    Needs.programs("nginx");
    Path home = Files.createTempDirectory(scratch, "nginx-");
    int port = freePort();
    Path configuration = home.resolve("nginx.conf");
    Files.writeString(configuration, configuration(origin, home, port));
    Process nginx =
        new ProcessBuilder("nginx", "-c", configuration.toString(), "-p", home.toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("out").toFile())
            .start();
    CachingProxy proxy = new CachingProxy(nginx, port);
    proxy.awaitListening();
    return proxy;
  }

  /** The configuration of docs/object-storage.md, for one that is started by hand. */
  private static String configuration(String origin, Path home, int port) {
    return """
    daemon off;
    user root;
    error_log %1$s/error.log;
    pid %1$s/pid;
    events {}
    http {
      access_log off;
      client_body_temp_path %1$s/body;
      proxy_temp_path %1$s/temp;
      fastcgi_temp_path %1$s/fastcgi;
      uwsgi_temp_path %1$s/uwsgi;
      scgi_temp_path %1$s/scgi;
      proxy_cache_path %1$s/cache keys_zone=chunks:10m max_size=1g inactive=1d;
      server {
        listen 127.0.0.1:%2$d;
        location / {
          proxy_pass %3$s;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        }
        location ~ ^/[^/]+/. {
          slice 1m;
          proxy_cache chunks;
          proxy_cache_key $uri$slice_range;
          proxy_cache_valid 200 206 1d;
          proxy_cache_lock on;
          proxy_cache_convert_head off;
          proxy_set_header Range $slice_range;
          proxy_pass %3$s;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        }
      }
    }
    """
        .formatted(home, port, origin);
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitListening() {
    long end = System.nanoTime() + START_SECONDS * 1_000_000_000L;
    while (true) {
      try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        if (!nginx.isAlive() || System.nanoTime() > end) {
          throw new AssertionError("nginx does not listen", e);
        }
        LockSupport.parkNanos(20_000_000);
      }
    }
  }

  String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    nginx.destroy();
    Process _ = nginx.onExit().join();
  }
}
