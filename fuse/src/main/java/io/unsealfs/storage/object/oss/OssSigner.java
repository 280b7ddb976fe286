package io.unsealfs.storage.object.oss;

import com.aliyun.sdk.service.oss2.signer.Signer;
import com.aliyun.sdk.service.oss2.signer.SigningContext;
import com.aliyun.sdk.service.oss2.transport.RequestMessage;
import com.aliyun.sdk.service.oss2.utils.HttpUtils;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.http.RequestSigner;
import io.unsealfs.storage.object.http.SignedRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Signs reads by the SDK's own signer. */
final class OssSigner implements RequestSigner {
  private final Signer signer;
  private final String bucket;
  private final String bucketUrl;
  private final String region;
  private final Clock clock;
  private final boolean anonymous;

  /**
   * Reads of one bucket.
   *
   * @param signer signs with the time of {@code clock}
   * @param bucketUrl what keys are put behind, ends in a slash
   * @param anonymous whether nothing is signed
   */
  OssSigner(
      Signer signer,
      String bucket,
      String bucketUrl,
      String region,
      Clock clock,
      boolean anonymous) {
    this.signer = signer;
    this.bucket = bucket;
    this.bucketUrl = bucketUrl;
    this.region = region;
    this.clock = clock;
    this.anonymous = anonymous;
  }

  /**
   * Where a bucket is, by host or by path, as the SDK decides; what the endpoint has of a path does
   * not count.
   */
  static String bucketUrl(URI endpoint, String bucket, boolean pathStyle) {
    return pathStyle
        ? endpoint.getScheme() + "://" + endpoint.getRawAuthority() + "/" + bucket + "/"
        : endpoint.getScheme() + "://" + bucket + "." + endpoint.getRawAuthority() + "/";
  }

  @Override
  public SignedRequest sign(String key, StoreCredentials credentials) throws IOException {
    Instant now = clock.instant();
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    // without it OSS answers a range it dislikes with the whole object
    headers.put("x-oss-range-behavior", "standard");
    RequestMessage unsigned =
        RequestMessage.newBuilder()
            .method("GET")
            .uri(URI.create(bucketUrl + HttpUtils.urlEncodePath(key)))
            .headers(headers)
            .build();
    RequestMessage request =
        anonymous ? unsigned : OssErrors.translate(() -> signed(unsigned, key, credentials));
    Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request.headers().forEach((name, value) -> all.put(name, List.of(value)));
    return new SignedRequest(request.uri(), all, now);
  }

  private RequestMessage signed(RequestMessage unsigned, String key, StoreCredentials credentials) {
    SigningContext context = new SigningContext();
    context.setProduct("oss");
    context.setRegion(region);
    context.setBucket(bucket);
    context.setKey(key);
    context.setCredentials(OssStore.identity(credentials));
    context.setRequest(unsigned);
    signer.sign(context);
    return context.getRequest();
  }
}
