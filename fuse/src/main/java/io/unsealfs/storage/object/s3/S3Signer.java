package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.http.RequestSigner;
import io.unsealfs.storage.object.http.SignedRequest;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/** Signs reads by the SDK's own signer. */
final class S3Signer implements RequestSigner {
  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final String bucketUrl;
  private final String region;
  private final Clock clock;
  private final boolean anonymous;

  /**
   * Reads of one bucket.
   *
   * @param bucketUrl what keys are put behind, ends in a slash
   * @param anonymous whether nothing is signed
   */
  S3Signer(String bucketUrl, String region, Clock clock, boolean anonymous) {
    this.bucketUrl = bucketUrl;
    this.region = region;
    this.clock = clock;
    this.anonymous = anonymous;
  }

  @Override
  public SignedRequest sign(String key, StoreCredentials credentials) throws IOException {
    Instant now = clock.instant();
    SdkHttpRequest request =
        S3Errors.translate(() -> {
          SdkHttpRequest unsigned =
              SdkHttpRequest.builder()
                  .method(SdkHttpMethod.GET)
                  .uri(URI.create(bucketUrl + SdkHttpUtils.urlEncodeIgnoreSlashes(key)))
                  .build();
          return anonymous ? unsigned : signed(unsigned, credentials);
        });
    return new SignedRequest(request.getUri(), request.headers(), now);
  }

  private SdkHttpRequest signed(SdkHttpRequest unsigned, StoreCredentials credentials) {
    return signer
        .sign(sign ->
            sign.identity(S3Store.identity(credentials))
                .request(unsigned)
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                // what S3 wants, other than all other services
                .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                .putProperty(HttpSigner.SIGNING_CLOCK, clock))
        .request();
  }
}
