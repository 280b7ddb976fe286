package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.object.http.HttpAnswer;
import io.unsealfs.storage.object.http.HttpQuestion;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;

/** The SDK's requests, sent by our transport. Closing it leaves the transport open. */
final class S3Transport implements SdkHttpClient {
  private static final int BODY_MAX = 64 * 1024;
  private final HttpTransport transport;

  S3Transport(HttpTransport transport) {
    this.transport = transport;
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return send(request);
      }

      @Override
      public void abort() {
        // the transport's own cancellation ends it
      }
    };
  }

  private HttpExecuteResponse send(HttpExecuteRequest request) throws IOException {
    String body = "";
    if (request.contentStreamProvider().isPresent()) {
      try (InputStream in = request.contentStreamProvider().get().newStream()) {
        body = new String(in.readNBytes(BODY_MAX), StandardCharsets.US_ASCII);
      }
    }
    HttpAnswer answer =
        transport.send(
            new HttpQuestion(
                request.httpRequest().method().name(),
                request.httpRequest().getUri(),
                request.httpRequest().headers(),
                body));
    AbortableInputStream content = AbortableInputStream.create(answer.body(), answer::close);
    return HttpExecuteResponse.builder()
        .response(
            SdkHttpFullResponse.builder()
                .statusCode(answer.status())
                .headers(answer.headers())
                .build())
        .responseBody(content)
        .build();
  }

  @Override
  public String clientName() {
    return "unsealfs";
  }

  @Override
  public void close() {}
}
