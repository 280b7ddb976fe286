package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.Cancellation;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/** A bounded connection pool that sends requests and hands out answers; thread-safe. */
public final class HttpTransport implements Closeable {
  /** Ends the exchanges of the thread that runs within it: SDKs have no way to pass one on. */
  public static final ScopedValue<Cancellation> CANCELLATION = ScopedValue.newInstance();

  private static final int BUFFER_BYTES = 16 * 1024;
  private static final int HEADER_LINE_MAX = 16 * 1024;
  private static final int HEADERS_MAX = 256;

  private final HttpLimits limits;
  private final CloseableHttpClient client;
  private final Watchdog watchdog = new Watchdog();

  /** Opens no connection yet. */
  public HttpTransport(HttpLimits limits) {
    this.limits = limits;
    Timeout request = Timeout.of(limits.requestTimeout());
    Timeout connect = Timeout.of(limits.connectTimeout());
    PoolingHttpClientConnectionManager pool =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setMaxConnTotal(limits.maxConnections())
            .setMaxConnPerRoute(limits.maxConnections())
            .setConnectionFactory(
                ManagedHttpClientConnectionFactory.builder()
                    .http1Config(
                        Http1Config.custom()
                            .setBufferSize(BUFFER_BYTES)
                            .setMaxLineLength(HEADER_LINE_MAX)
                            .setMaxHeaderCount(HEADERS_MAX)
                            .build())
                    .build())
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(connect)
                    .setSocketTimeout(request)
                    .setValidateAfterInactivity(TimeValue.ofSeconds(2))
                    .setTimeToLive(TimeValue.ofMinutes(10))
                    .build())
            .setDefaultSocketConfig(
                SocketConfig.custom().setSoTimeout(request).setTcpNoDelay(true).build())
            .build();
    // No proxy from system properties, no redirects, no cookies, no decompression, no retries: a
    // request goes where it was meant to go, once, and its answer comes as it was sent.
    client =
        HttpClients.custom()
            .setConnectionManager(pool)
            .setRequestExecutor(new PatientExecutor(limits.stallTimeout()))
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setConnectionRequestTimeout(request)
                    .setResponseTimeout(request)
                    .setRedirectsEnabled(false)
                    .setExpectContinueEnabled(false)
                    .setDefaultKeepAlive(60, TimeUnit.SECONDS)
                    .build())
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableContentCompression()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableConnectionState()
            .disableDefaultUserAgent()
            .build();
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
    HttpUriRequestBase request = new HttpUriRequestBase(question.method(), uri);
    question.headers().forEach((name, values) -> add(request, name, values));
    byte[] form = question.body().getBytes(StandardCharsets.US_ASCII);
    if (form.length > 0) {
      request.setEntity(new ByteArrayEntity(form, contentType(request)));
    }
    Cancellation cancellation = CANCELLATION.isBound() ? CANCELLATION.get() : Cancellation.none();
    Exchange exchange = new Exchange(request, host.toHostString(), limits, watchdog, cancellation);
    boolean answered = false;
    try {
      ClassicHttpResponse response = client.executeOpen(host, request, null);
      HttpAnswer answer = answer(response, request.containsHeader("Range"), exchange);
      answered = true;
      return answer;
    } catch (IOException e) {
      throw e.getCause() instanceof HttpException http
          ? exchange.explain(http)
          : exchange.explain(e);
    } catch (IllegalStateException e) {
      // the pool was closed
      throw exchange.explain(new IOException("closed", e));
    } finally {
      if (!answered) {
        exchange.close();
      }
    }
  }

  private static ContentType contentType(HttpUriRequestBase request) {
    Header header = request.getFirstHeader("Content-Type");
    return header == null
        ? ContentType.APPLICATION_OCTET_STREAM
        : ContentType.parse(header.getValue());
  }

  private static void add(HttpUriRequestBase request, String name, List<String> values) {
    boolean follows =
        name.equalsIgnoreCase("Content-Length") || name.equalsIgnoreCase("Transfer-Encoding");
    if (!follows) {
      values.forEach(value -> request.addHeader(name, value));
    }
  }

  private static HttpAnswer answer(
      ClassicHttpResponse response, boolean rangeAsked, Exchange exchange) throws IOException {
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
    if (entity == null) {
      exchange.close();
      return new HttpAnswer(status, headers, InputStream.nullInputStream());
    }
    InputStream body = entity.getContent();
    return new HttpAnswer(status, headers, new GuardedBody(response, body, exchange, bytesMax));
  }

  /** Whether bytes of an object follow. */
  static boolean isObject(int status, boolean rangeAsked) {
    return status == 206 || (status == 200 && rangeAsked);
  }

  @Override
  public void close() {
    watchdog.close();
    client.close(CloseMode.IMMEDIATE);
  }
}
