package io.unsealfs.storage.object.oss;

import com.aliyun.sdk.service.oss2.transport.AbortableInputStream;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import com.aliyun.sdk.service.oss2.transport.HttpClient;
import com.aliyun.sdk.service.oss2.transport.RequestContext;
import com.aliyun.sdk.service.oss2.transport.RequestException;
import com.aliyun.sdk.service.oss2.transport.RequestMessage;
import com.aliyun.sdk.service.oss2.transport.ResponseMessage;
import io.unsealfs.storage.object.http.HttpAnswer;
import io.unsealfs.storage.object.http.HttpQuestion;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The SDK's requests, sent by our transport; those that read have no body. */
final class OssTransport implements HttpClient {
  private final HttpTransport transport;

  OssTransport(HttpTransport transport) {
    this.transport = transport;
  }

  @Override
  public ResponseMessage send(RequestMessage request, RequestContext context) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request.headers().forEach((name, value) -> headers.put(name, List.of(value)));
    try {
      HttpAnswer answer =
          transport.send(new HttpQuestion(request.method(), request.uri(), headers, ""));
      boolean stream =
          answer.status() / 100 == 2
              && RequestContext.HttpCompletionOption.ResponseHeadersRead.equals(
                  context.get(RequestContext.Key.HTTP_COMPLETION_OPTION));
      return ResponseMessage.newBuilder()
          .request(request)
          .statusCode(answer.status())
          .headers(flat(answer.headers()))
          .body(stream ? streamed(answer) : whole(answer))
          .build();
    } catch (IOException e) {
      throw new RequestException("no answer", e);
    }
  }

  private static BinaryData streamed(HttpAnswer answer) {
    return BinaryData.fromStream(AbortableInputStream.create(answer.body(), answer::close));
  }

  /** Bounded by the transport. */
  private static BinaryData whole(HttpAnswer answer) throws IOException {
    try (answer) {
      return BinaryData.fromBytes(answer.body().readAllBytes());
    }
  }

  private static Map<String, String> flat(Map<String, List<String>> headers) {
    Map<String, String> flat = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.forEach((name, values) -> flat.put(name, values.getFirst()));
    return flat;
  }

  @Override
  public String name() {
    return "unsealfs";
  }
}
