package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.http.HttpAnswer;
import io.unsealfs.storage.object.http.HttpLimits;
import io.unsealfs.storage.object.http.HttpQuestion;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The few small requests that bring credentials: short ones, that never go elsewhere. */
final class CredentialHttp implements Closeable {
  private static final int ANSWER_BYTES_MAX = 64 * 1024;
  private final HttpTransport transport;

  CredentialHttp(Duration connectTimeout, Duration requestTimeout) {
    transport =
        new HttpTransport(new HttpLimits(2, connectTimeout, requestTimeout, requestTimeout));
  }

  /** An answer, also one that is no success. */
  static final class Answer {
    private final int status;
    private final long serverMillis;
    private final byte[] body;

    private Answer(int status, long serverMillis, byte[] body) {
      this.status = status;
      this.serverMillis = serverMillis;
      this.body = body;
    }

    int status() {
      return status;
    }

    /** The host's clock, milliseconds since 1970; 0 if it does not say. */
    long serverMillis() {
      return serverMillis;
    }

    /** The body of a success. */
    byte[] success(String what) throws IOException {
      if (status == 429 || status >= 500) {
        throw new StoreUnavailableException(what + ": the answer was " + status, 0);
      }
      if (status >= 300) {
        throw new StoreDeniedException(what + ": the answer was " + status);
      }
      if (body.length > ANSWER_BYTES_MAX) {
        throw new StoreProtocolException(what + ": the answer is too large");
      }
      return body;
    }
  }

  /**
   * Sends one.
   *
   * @param what what is asked for: the beginning of a message
   * @return the body of a success
   */
  byte[] send(String what, String method, URI uri, Map<String, List<String>> headers, String body)
      throws IOException {
    return ask(method, uri, headers, body).success(what);
  }

  /** Sends one whose answer may be no success. */
  Answer ask(String method, URI uri, Map<String, List<String>> headers, String body)
      throws IOException {
    try (HttpAnswer answer = transport.send(new HttpQuestion(method, uri, headers, body))) {
      Optional<String> date = answer.headers().getOrDefault("Date", List.of()).stream().findFirst();
      byte[] bytes = answer.body().readNBytes(ANSWER_BYTES_MAX + 1);
      return new Answer(answer.status(), RangeAnswer.millis(date).orElse(0L), bytes);
    }
  }

  @Override
  public void close() {
    transport.close();
  }
}
