package io.unsealfs.storage.object.oss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.credentials.AnonymousCredentialsProvider;
import com.aliyun.sdk.service.oss2.models.GetObjectRequest;
import com.aliyun.sdk.service.oss2.retry.NopRetryer;
import com.aliyun.sdk.service.oss2.transport.HttpClient;
import com.aliyun.sdk.service.oss2.transport.RequestContext;
import com.aliyun.sdk.service.oss2.transport.RequestMessage;
import com.aliyun.sdk.service.oss2.transport.ResponseMessage;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where reads go has to be where the SDK's own requests go. */
class OssBucketUrlTest {

  @ParameterizedTest(name = "{0}, by path: {1}")
  @CsvSource({
    "https://oss-cn-hangzhou.aliyuncs.com, false,"
        + " https://models.oss-cn-hangzhou.aliyuncs.com/a%20b%2Bc/%C3%A4",
    "https://oss-cn-hangzhou-internal.aliyuncs.com:8443, false,"
        + " https://models.oss-cn-hangzhou-internal.aliyuncs.com:8443/a%20b%2Bc/%C3%A4",
    "http://127.0.0.1:9000, true, http://127.0.0.1:9000/models/a%20b%2Bc/%C3%A4",
    "http://cache.internal:9000, true, http://cache.internal:9000/models/a%20b%2Bc/%C3%A4",
    "http://cache.internal:9000, false, http://models.cache.internal:9000/a%20b%2Bc/%C3%A4",
  })
  void isTheOneTheSdkUses(String endpoint, boolean pathStyle, String url) throws Exception {
    List<URI> asked = new ArrayList<>();
    HttpClient seeing =
        new HttpClient() {
          @Override
          public ResponseMessage send(RequestMessage request, RequestContext context) {
            asked.add(request.uri());
            throw new IllegalStateException("seen");
          }

          @Override
          public String name() {
            return "seeing";
          }
        };
    OSSClient client =
        OSSClient.newBuilder()
            .region("cn-hangzhou")
            .endpoint(endpoint)
            .usePathStyle(pathStyle)
            .retryer(new NopRetryer())
            .credentialsProvider(new AnonymousCredentialsProvider())
            .httpClient(seeing)
            .build();
    try {
      assertThrows(
          RuntimeException.class,
          () ->
              client.getObject(
                  GetObjectRequest.newBuilder().bucket("models").key("a b+c/ä").build()));
    } finally {
      client.close();
    }
    assertEquals(URI.create(url), asked.getFirst());
    assertEquals(url, ours(endpoint, pathStyle).toString());
  }

  private static URI ours(String endpoint, boolean pathStyle) throws Exception {
    String bucketUrl = OssSigner.bucketUrl(URI.create(endpoint), "models", pathStyle);
    return new OssSigner(
            context -> {}, "models", bucketUrl, "cn-hangzhou", java.time.Clock.systemUTC(), true)
        .sign("a b+c/ä", io.unsealfs.storage.object.credentials.StoreCredentials.anonymous())
        .uri();
  }
}
