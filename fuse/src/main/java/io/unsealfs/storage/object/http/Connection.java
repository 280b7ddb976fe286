package io.unsealfs.storage.object.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.io.CloseMode;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one host. It serves one request at a time; {@link #abort} may come from any
 * thread at any time, also while it is being made.
 */
class Connection {
  private static final Http1Config LIMITS =
      Http1Config.custom()
          .setBufferSize(16 * 1024)
          .setMaxLineLength(16 * 1024)
          .setMaxHeaderCount(256)
          .build();

  /** However often it is used: the host's name may lead elsewhere by now. */
  private static final long LIFE_NANOS = TimeUnit.MINUTES.toNanos(10);

  /** Idle for longer than that it may have been closed by the other side. */
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final HttpHost host;
  private final Supplier<SSLContext> tls;
  private final Wire http = new Wire();
  private final long bornNanos = System.nanoTime();
  private volatile @Nullable SocketChannel socket;
  private volatile boolean aborted;
  private boolean connected; // these three: by whoever has it
  private long idleSinceNanos;
  private long keptNanos;

  Connection(HttpHost host, Supplier<SSLContext> tls) {
    this.host = host;
    this.tls = tls;
  }

  HttpHost host() {
    return host;
  }

  /** What speaks HTTP, once connected. */
  HttpClientConnection http() {
    return http;
  }

  /**
   * Connects, if it is not.
   *
   * @param timeout for each address that the host's name has
   */
  void connect(Duration timeout) throws IOException {
    if (connected) {
      return;
    }
    reach(Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE));
    connected = true;
    if (aborted) {
      abort();
      throw new IOException("closed");
    }
  }

  /** Has {@link #http} speak to the host. */
  void reach(int millis) throws IOException {
    boolean secure = "https".equalsIgnoreCase(host.getSchemeName());
    SocketChannel channel =
        channelTo(host.getPort() > 0 ? host.getPort() : secure ? 443 : 80, millis);
    Socket plain = channel.socket();
    if (secure) {
      plain.setSoTimeout(millis);
      http.bind(secured(plain), plain);
    } else {
      bind(plain, channel);
    }
  }

  /** Speaks over {@code plain}, without TLS; bodies come straight from {@code channel}. */
  final void bind(Socket plain, ReadableByteChannel channel) throws IOException {
    http.channel = channel;
    http.bind(plain);
  }

  private SocketChannel channelTo(int port, int timeoutMillis) throws IOException {
    IOException failure = null;
    for (InetAddress address : InetAddress.getAllByName(host.getHostName())) {
      SocketChannel attempt = SocketChannel.open();
      socket = attempt;
      boolean connected = false;
      try {
        if (aborted) {
          throw new IOException("closed");
        }
        attempt.setOption(StandardSocketOptions.TCP_NODELAY, true);
        attempt.socket().connect(new InetSocketAddress(address, port), timeoutMillis);
        connected = true;
        return attempt;
      } catch (IOException e) {
        failure = e;
      } finally {
        if (!connected) {
          attempt.close();
        }
      }
    }
    throw failure == null ? new java.net.UnknownHostException(host.getHostName()) : failure;
  }

  private SSLSocket secured(Socket plain) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            tls.get()
                .getSocketFactory()
                .createSocket(plain, host.getHostName(), plain.getPort(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /** Its last answer is over; it may serve again for so long. */
  void rests(long keepNanos) {
    idleSinceNanos = System.nanoTime();
    keptNanos = keepNanos;
  }

  /** Whether it may serve a request. To be called outside of locks: it may ask the socket. */
  boolean isUsable() {
    if (!connected) {
      return !aborted;
    }
    long now = System.nanoTime();
    long idle = now - idleSinceNanos;
    if (!http.isOpen() || idle > keptNanos || now - bornNanos > LIFE_NANOS) {
      return false;
    }
    try {
      return idle < FRESH_NANOS || !http.isStale();
    } catch (IOException e) {
      return false;
    }
  }

  /** Ends it at once: whoever waits for its bytes fails. Idempotent. */
  void abort() {
    aborted = true;
    http.close(CloseMode.IMMEDIATE);
    SocketChannel under = socket;
    if (under != null) {
      try {
        under.close();
      } catch (IOException e) {
        // nobody uses it any more
      }
    }
  }

  /** The library's connection, but for bodies of known length that come unencrypted. */
  private static final class Wire extends DefaultBHttpClientConnection {
    private @Nullable ReadableByteChannel channel;

    Wire() {
      super(LIMITS);
    }

    @Override
    protected InputStream createContentInputStream(
        long length, SessionInputBuffer buffer, InputStream stream) {
      ReadableByteChannel plain = channel;
      return plain != null && length > 0
          ? new PlainBody(buffer, stream, plain, length)
          : super.createContentInputStream(length, buffer, stream);
    }
  }

  /** Loads the certificates that the machine trusts. */
  static final class Trusted {
    private Trusted() {}

    static SSLContext context() {
      try {
        return SSLContext.getDefault();
      } catch (NoSuchAlgorithmException e) {
        throw new UncheckedIOException(new IOException("no TLS in this Java", e));
      }
    }
  }
}
