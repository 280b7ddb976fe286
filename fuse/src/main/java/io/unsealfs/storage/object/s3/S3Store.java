package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.CredentialChoice;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeAnswer;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreCalls;
import io.unsealfs.storage.object.StoreClock;
import io.unsealfs.storage.object.StoreLocation;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.http.HttpLimits;
import io.unsealfs.storage.object.http.HttpTransport;
import io.unsealfs.storage.object.http.RangedGets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A bucket of S3, or of anything that speaks like it. */
public final class S3Store implements ObjectStore {
  private final StoreLocation location;
  private final S3Client client;
  private final HttpTransport transport;
  private final CredentialCache credentials;
  private final StoreCalls calls;
  private final RangedGets gets;

  private S3Store(
      StoreLocation location,
      S3Client client,
      RangedGets gets,
      HttpTransport transport,
      CredentialCache credentials,
      StoreCalls calls) {
    this.location = location;
    this.client = client;
    this.gets = gets;
    this.transport = transport;
    this.credentials = credentials;
    this.calls = calls;
  }

  /**
   * A store for {@code uri}; asks it nothing yet.
   *
   * @param settings region: where empty, that in the endpoint's name, AWS_REGION or
   *     AWS_DEFAULT_REGION, else us-east-1
   * @param credentials closed with the store
   */
  public static S3Store open(ObjectUri uri, StoreSettings settings, CredentialCache credentials) {
    String region = S3Region.named(settings, System.getenv()).orElse(S3Region.OF_FOREIGN_STORES);
    URI endpoint = settings.endpoint().orElseGet(() -> URI.create(S3Region.endpoint(region)));
    StoreLocation location = new StoreLocation("s3", endpoint.toString(), uri.bucket());
    HttpTransport transport =
        new HttpTransport(
            new HttpLimits(
                settings.maxConnections(),
                settings.connectTimeout(),
                settings.requestTimeout(),
                settings.stallTimeout()));
    StoreClock clock = new StoreClock(Clock.systemUTC());
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(new S3Transport(transport))
            .region(Region.of(region))
            // said even where it is the provider's own: or else AWS_ENDPOINT_URL would be taken
            .endpointOverride(endpoint)
            .forcePathStyle(settings.pathStyle())
            .crossRegionAccessEnabled(false)
            .disableS3ExpressSessionAuth(true)
            // stores other than AWS do not know the newer checksums; formats verify their data
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .serviceConfiguration(s3 -> s3.chunkedEncodingEnabled(false))
            .authSchemeProvider(new ClockedAuthSchemes(clock))
            .overrideConfiguration(override ->
                override
                    .retryStrategy(AwsRetryStrategy.doNotRetry())
                    // settings come from us alone, not from files of whoever runs this
                    .defaultProfileFile(ProfileFile.aggregator().build()));
    boolean anonymous = settings.credentials() instanceof CredentialChoice.Anonymous;
    builder.credentialsProvider(
        anonymous ? AnonymousCredentialsProvider.create() : () -> present(credentials));
    S3Client client = builder.build();
    StoreCalls calls = new StoreCalls(location, credentials, clock);
    S3Signer signer = new S3Signer(bucketUrl(client, uri.bucket()), region, clock, anonymous);
    return new S3Store(
        location,
        client,
        new RangedGets(transport, credentials, calls, signer, clock),
        transport,
        credentials,
        calls);
  }

  /** Where the bucket is, by host or by path as the SDK decides. */
  static String bucketUrl(S3Client client, String bucket) {
    String url = client.utilities().getUrl(key -> key.bucket(bucket).key("k")).toString();
    return url.substring(0, url.length() - 1);
  }

  /**
   * Whether the region of a bucket of AWS is told by nothing: settings, the endpoint's name,
   * environment. That of a store of somebody else hardly ever matters.
   */
  public static boolean needsRegion(StoreSettings settings, Map<String, String> environment) {
    return S3Region.isAws(settings) && S3Region.named(settings, environment).isEmpty();
  }

  private static AwsCredentials present(CredentialCache cache) {
    try {
      return identity(cache.current());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In the SDK's words. */
  static AwsCredentials identity(StoreCredentials now) {
    return now.securityToken().isPresent()
        ? AwsSessionCredentials.create(
            now.accessKeyId(), now.accessKeySecret(), now.securityToken().get())
        : AwsBasicCredentials.create(now.accessKeyId(), now.accessKeySecret());
  }

  @Override
  public StoreLocation location() {
    return location;
  }

  @Override
  public ObjectPage list(
      String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
      throws IOException {
    ListObjectsV2Request.Builder request =
        ListObjectsV2Request.builder()
            .bucket(location.bucket())
            .prefix(prefix)
            .maxKeys(PAGE_OBJECTS_MAX)
            .encodingType(EncodingType.URL);
    if (depth == ListDepth.ONE_LEVEL) {
      request.delimiter("/");
    }
    continuation.ifPresent(request::continuationToken);
    return calls.call(
        "listing below \"" + Name.of(prefix) + "\"",
        cancellation,
        () -> page(S3Errors.translate(() -> client.listObjectsV2(request.build()))));
  }

  private static ObjectPage page(ListObjectsV2Response response) throws IOException {
    if (response.isTruncated() == null && response.contents().isEmpty()) {
      throw new StoreProtocolException("the store's answer is no listing");
    }
    boolean more = Boolean.TRUE.equals(response.isTruncated());
    @Nullable String next = response.nextContinuationToken();
    if (more && (next == null || next.isEmpty())) {
      throw new StoreProtocolException("the listing goes on, and the store does not say where");
    }
    if (response.contents().size() > PAGE_OBJECTS_MAX) {
      throw new StoreProtocolException("a page of the listing is longer than was asked for");
    }
    List<ObjectVersion> objects = new ArrayList<>(response.contents().size());
    int unreadable = 0;
    for (S3Object object : response.contents()) {
      @Nullable String key = object.key();
      @Nullable Long size = object.size();
      if (size == null || size < 0) {
        throw new StoreProtocolException("the listing has an object without a size");
      }
      // the SDK decodes keys; what was no UTF-8 has become the replacement character
      if (key == null || key.indexOf('\ufffd') >= 0) {
        unreadable++;
      } else {
        objects.add(
            new ObjectVersion(
                key,
                size,
                tag(object.eTag()),
                object.lastModified() == null ? 0 : object.lastModified().toEpochMilli(),
                archived(object.storageClassAsString())));
      }
    }
    List<String> prefixes =
        response.commonPrefixes().stream()
            .map(CommonPrefix::prefix)
            .filter(Objects::nonNull)
            .toList();
    return new ObjectPage(
        objects, prefixes, unreadable, more ? Optional.ofNullable(next) : Optional.empty());
  }

  private static Optional<String> tag(@Nullable String etag) {
    return Optional.ofNullable(etag).map(RangeAnswer::bare).filter(tag -> !tag.isEmpty());
  }

  private static boolean archived(@Nullable String storageClass) {
    return "GLACIER".equals(storageClass) || "DEEP_ARCHIVE".equals(storageClass);
  }

  @Override
  public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
    return calls.call(
        "looking up \"" + Name.of(key) + "\"",
        cancellation,
        () -> {
          HeadObjectResponse response =
              S3Errors.translate(
                  () -> client.headObject(h -> h.bucket(location.bucket()).key(key)));
          @Nullable Long size = response.contentLength();
          if (size == null || size < 0) {
            throw new StoreProtocolException("the store does not say how large the object is");
          }
          return new ObjectVersion(
              key,
              size,
              tag(response.eTag()),
              response.lastModified() == null ? 0 : response.lastModified().toEpochMilli(),
              archived(response.storageClassAsString()) && response.restore() == null);
        });
  }

  @Override
  public Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException {
    return gets.get(version, offset, length, sink, cancellation);
  }

  @Override
  public void close() {
    transport.close();
    client.close();
    credentials.close();
  }
}
