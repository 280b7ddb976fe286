package io.unsealfs.storage.object.http;

import java.io.IOException;
import java.time.Duration;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.HttpResponseInformationCallback;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Lets the bytes of an object pause for as long as a stall may last, however soon an answer has to
 * begin. The next request over the connection sets its own time.
 */
final class PatientExecutor extends HttpRequestExecutor {
  /** Longer than a stall: {@link Exchange} ends those, and knows what to say of them. */
  private final Timeout silence;

  PatientExecutor(Duration stallTimeout) {
    this.silence = Timeout.of(stallTimeout.multipliedBy(2));
  }

  @Override
  public ClassicHttpResponse execute(
      ClassicHttpRequest request,
      HttpClientConnection connection,
      @Nullable HttpResponseInformationCallback informed,
      HttpContext context)
      throws IOException, HttpException {
    ClassicHttpResponse response = super.execute(request, connection, informed, context);
    if (HttpTransport.isObject(response.getCode(), request.containsHeader("Range"))) {
      connection.setSocketTimeout(silence);
    }
    return response;
  }
}
