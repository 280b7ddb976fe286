package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.object.FailedAnswerException;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.RetryAfter;
import io.unsealfs.storage.object.StoreFailure;
import io.unsealfs.storage.object.http.HttpAnswer;
import io.unsealfs.storage.object.http.HttpQuestion;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.utils.http.SdkHttpUtils;

/**
 * Ranged reads, signed by the SDK and sent by us. The SDK's own way from a request to its answer
 * costs four to five milliseconds of a core (it is called too seldom to be compiled well), which is
 * more than all else that a request of 256 KiB costs; listing and looking up still go that way.
 */
final class SignedGets {
  private static final int ERROR_BYTES_MAX = 64 << 10;
  private static final Pattern CODE = Pattern.compile("<Code>([^<]{0,200})</Code>");
  private static final Pattern REQUEST_ID = Pattern.compile("<RequestId>([^<]{0,200})</RequestId>");

  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final HttpTransport transport;
  private final String bucketUrl;
  private final String region;
  private final Clock clock;
  private final @Nullable Supplier<AwsCredentials> credentials;

  /**
   * Reads of one bucket.
   *
   * @param bucketUrl what keys are put behind, ends in a slash
   * @param credentials null for requests without a signature
   */
  SignedGets(
      HttpTransport transport,
      String bucketUrl,
      String region,
      Clock clock,
      @Nullable Supplier<AwsCredentials> credentials) {
    this.transport = transport;
    this.bucketUrl = bucketUrl;
    this.region = region;
    this.clock = clock;
    this.credentials = credentials;
  }

  /**
   * Asks for a range, pinned to the version.
   *
   * @return an answer that is this range of this version; to be closed
   * @throws FailedAnswerException for an answer that is no success
   */
  HttpAnswer get(ObjectVersion version, long offset, long length) throws IOException {
    SdkHttpRequest request = S3Errors.translate(() -> signed(version, offset, length));
    HttpAnswer answer =
        transport.send(new HttpQuestion("GET", request.getUri(), request.headers(), ""));
    boolean fine = false;
    try {
      if (answer.status() / 100 != 2) {
        throw new FailedAnswerException(failure(answer));
      }
      new RangeAnswer(
              answer.status(),
              header(answer, "Content-Range"),
              header(answer, "Content-Length")
                  .filter(text -> text.matches("[0-9]{1,18}"))
                  .map(Long::parseLong)
                  .orElse(-1L),
              header(answer, "ETag"),
              header(answer, "Last-Modified"))
          .check(version, offset, length);
      fine = true;
      return answer;
    } finally {
      if (!fine) {
        answer.close();
      }
    }
  }

  private SdkHttpRequest signed(ObjectVersion version, long offset, long length) {
    SdkHttpRequest.Builder unsigned =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.GET)
            .uri(URI.create(bucketUrl + SdkHttpUtils.urlEncodeIgnoreSlashes(version.key())))
            .putHeader("Range", "bytes=" + offset + "-" + (offset + length - 1));
    if (version.isPinned()) {
      version
          .etag()
          .ifPresentOrElse(
              tag -> unsigned.putHeader("If-Match", RangeAnswer.quoted(tag)),
              () ->
                  unsigned.putHeader(
                      "If-Unmodified-Since", RangeAnswer.time(version.modifiedMillis())));
    }
    SdkHttpRequest request = unsigned.build();
    if (credentials == null) {
      return request;
    }
    return signer
        .sign(sign ->
            sign.identity(credentials.get())
                .request(request)
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                // what S3 wants, other than all other services
                .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                .putProperty(HttpSigner.SIGNING_CLOCK, clock))
        .request();
  }

  /** The first header of that name. */
  static Optional<String> header(HttpAnswer answer, String name) {
    return Optional.ofNullable(answer.headers().get(name)).flatMap(all -> all.stream().findFirst());
  }

  private static StoreFailure failure(HttpAnswer answer) throws IOException {
    // two fields of a small document: not worth a parser that an attacker could feed
    String document = new String(answer.body().readNBytes(ERROR_BYTES_MAX), StandardCharsets.UTF_8);
    long serverMillis = RangeAnswer.millis(header(answer, "Date")).orElse(0L);
    return new StoreFailure(
        answer.status(),
        first(CODE, document).orElse(""),
        first(REQUEST_ID, document).or(() -> header(answer, "x-amz-request-id")).orElse(""),
        "",
        RetryAfter.millis(
            header(answer, "Retry-After"),
            serverMillis == 0 ? System.currentTimeMillis() : serverMillis),
        serverMillis);
  }

  private static Optional<String> first(Pattern field, String document) {
    Matcher matcher = field.matcher(document);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
