package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.Cancellation;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HeaderElement;
import org.apache.hc.core5.http.HeaderElements;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.util.Timeout;

/**
 * Sends requests over a bounded number of connections and hands out answers; thread-safe.
 *
 * <p>No proxy from system properties, no redirects, no cookies, no decompression, no retries: a
 * request goes where it was meant to go, once, and its answer comes as it was sent. It does by
 * itself what a full HTTP client takes hundreds of methods for, which a mount that just started
 * would run uncompiled for each request; see docs/performance.md.
 */
public final class HttpTransport implements Closeable {
  /** Ends the exchanges of the thread that runs within it: SDKs have no way to pass one on. */
  public static final ScopedValue<Cancellation> CANCELLATION = ScopedValue.newInstance();

  /** How long a connection is kept that its host says nothing of. */
  private static final long KEEP_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final HttpLimits limits;
  private final Timeout answerTimeout;
  private final ConnectionPool pool;
  private final HttpRequestExecutor executor;
  private final Watchdog watchdog = new Watchdog();

  /** Opens no connection yet. */
  public HttpTransport(HttpLimits limits) {
    this(limits, Connection.Trusted::context);
  }

  /**
   * The same.
   *
   * @param tls asked with the first connection that needs it
   */
  HttpTransport(HttpLimits limits, Supplier<SSLContext> tls) {
    this(limits, host -> new Connection(host, tls));
  }

  /**
   * The same.
   *
   * @param connections makes those there are, not connected yet
   */
  HttpTransport(HttpLimits limits, Function<HttpHost, Connection> connections) {
    this.limits = limits;
    this.answerTimeout = Timeout.of(limits.requestTimeout());
    this.pool = new ConnectionPool(limits.maxConnections(), connections);
    this.executor = new PatientExecutor(limits.stallTimeout());
  }

  /**
   * Sends a request and waits for the header of its answer.
   *
   * @throws IOException {@link io.unsealfs.storage.object.StoreUnavailableException}, {@link
   *     io.unsealfs.storage.object.StoreProtocolException} or {@link
   *     io.unsealfs.storage.object.CancelledReadException}; never for a status
   */
  public HttpAnswer send(HttpQuestion question) throws IOException {
    URI uri = question.uri();
    HttpHost host = new HttpHost(uri.getScheme(), uri.getHost(), uri.getPort());
    BasicClassicHttpRequest request = request(question, host);
    Cancellation cancellation = CANCELLATION.isBound() ? CANCELLATION.get() : Cancellation.none();
    Exchange exchange = new Exchange(host, limits, pool, watchdog, cancellation);
    boolean answered = false;
    try {
      HttpClientConnection connection = exchange.connect().http();
      connection.setSocketTimeout(answerTimeout);
      HttpCoreContext context = HttpCoreContext.create();
      ClassicHttpResponse response = executor.execute(request, connection, context);
      long keepNanos =
          DefaultConnectionReuseStrategy.INSTANCE.keepAlive(request, response, context)
              ? keepNanos(response)
              : 0;
      HttpAnswer answer =
          answer(response, request.containsHeader(HttpHeaders.RANGE), exchange, keepNanos);
      answered = true;
      return answer;
    } catch (IOException e) {
      throw exchange.explain(e);
    } catch (HttpException e) {
      throw exchange.explain(e);
    } finally {
      if (!answered) {
        exchange.close();
      }
    }
  }

  private static BasicClassicHttpRequest request(HttpQuestion question, HttpHost host) {
    URI uri = question.uri();
    String path = uri.getRawPath();
    String query = uri.getRawQuery();
    BasicClassicHttpRequest request =
        new BasicClassicHttpRequest(
            question.method(),
            host,
            (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query));
    question.headers().forEach((name, values) -> add(request, name, values));
    if (!request.containsHeader(HttpHeaders.HOST)) {
      request.addHeader(HttpHeaders.HOST, host.toHostString());
    }
    byte[] form = question.body().getBytes(StandardCharsets.US_ASCII);
    if (form.length > 0) {
      request.setEntity(new ByteArrayEntity(form, contentType(request)));
    }
    boolean enclosing = question.method().equals("PUT") || question.method().equals("POST");
    if (form.length > 0 || enclosing) {
      request.addHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(form.length));
    }
    return request;
  }

  /** How long the host keeps the connection, if it says so. */
  private static long keepNanos(ClassicHttpResponse response) {
    var elements = MessageSupport.iterate(response, HeaderElements.KEEP_ALIVE);
    while (elements.hasNext()) {
      HeaderElement element = elements.next();
      String value = element.getValue();
      if (value != null
          && element.getName().equalsIgnoreCase("timeout")
          && value.matches("[0-9]{1,9}")) {
        // the host counts from before its answer came
        return Math.min(KEEP_NANOS, TimeUnit.SECONDS.toNanos(Long.parseLong(value)) * 3 / 4);
      }
    }
    return KEEP_NANOS;
  }

  private static ContentType contentType(BasicClassicHttpRequest request) {
    Header header = request.getFirstHeader("Content-Type");
    return header == null
        ? ContentType.APPLICATION_OCTET_STREAM
        : ContentType.parse(header.getValue());
  }

  private static void add(BasicClassicHttpRequest request, String name, List<String> values) {
    boolean follows =
        name.equalsIgnoreCase("Content-Length") || name.equalsIgnoreCase("Transfer-Encoding");
    if (!follows) {
      values.forEach(value -> request.addHeader(name, value));
    }
  }

  private static HttpAnswer answer(
      ClassicHttpResponse response, boolean rangeAsked, Exchange exchange, long keepNanos)
      throws IOException {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Header header : response.getHeaders()) {
      headers.computeIfAbsent(header.getName(), _ -> new ArrayList<>()).add(header.getValue());
    }
    int status = response.getCode();
    boolean object = isObject(status, rangeAsked);
    long bytesMax = HttpLimits.ERROR_BYTES_MAX;
    if (object) {
      exchange.streaming();
      bytesMax = Long.MAX_VALUE;
    } else if (status / 100 == 2) {
      bytesMax = HttpLimits.DOCUMENT_BYTES_MAX;
    }
    HttpEntity entity = response.getEntity();
    if (entity == null || entity.getContentLength() == 0) {
      exchange.complete(keepNanos);
      return new HttpAnswer(status, headers, AnswerBody.empty());
    }
    return new HttpAnswer(
        status, headers, new GuardedBody(entity.getContent(), exchange, bytesMax, keepNanos));
  }

  /** Whether bytes of an object follow. */
  static boolean isObject(int status, boolean rangeAsked) {
    return status == 206 || (status == 200 && rangeAsked);
  }

  @Override
  public void close() {
    watchdog.close();
    pool.close();
  }
}
