package io.unsealfs.storage.object.oss;

import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.OSSClientBuilder;
import com.aliyun.sdk.service.oss2.credentials.AnonymousCredentialsProvider;
import com.aliyun.sdk.service.oss2.credentials.Credentials;
import com.aliyun.sdk.service.oss2.models.CommonPrefix;
import com.aliyun.sdk.service.oss2.models.HeadObjectRequest;
import com.aliyun.sdk.service.oss2.models.HeadObjectResult;
import com.aliyun.sdk.service.oss2.models.ListObjectsV2Request;
import com.aliyun.sdk.service.oss2.models.ListObjectsV2Result;
import com.aliyun.sdk.service.oss2.models.ObjectSummary;
import com.aliyun.sdk.service.oss2.retry.NopRetryer;
import com.aliyun.sdk.service.oss2.signer.Signer;
import com.aliyun.sdk.service.oss2.signer.SignerV1;
import com.aliyun.sdk.service.oss2.signer.SignerV4;
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

/** A bucket of Alibaba Cloud OSS. */
public final class OssStore implements ObjectStore {
  private final StoreLocation location;
  private final OSSClient client;
  private final HttpTransport transport;
  private final CredentialCache credentials;
  private final StoreCalls calls;
  private final RangedGets gets;

  private OssStore(
      StoreLocation location,
      OSSClient client,
      HttpTransport transport,
      CredentialCache credentials,
      StoreCalls calls,
      RangedGets gets) {
    this.location = location;
    this.client = client;
    this.transport = transport;
    this.credentials = credentials;
    this.calls = calls;
    this.gets = gets;
  }

  /**
   * A store for {@code uri}; asks it nothing yet.
   *
   * @param credentials closed with the store
   * @throws IllegalArgumentException if the region is neither set nor told by the endpoint or the
   *     environment
   */
  public static OssStore open(ObjectUri uri, StoreSettings settings, CredentialCache credentials) {
    OssRegion region = OssRegion.of(settings);
    StoreLocation location = new StoreLocation("oss", region.endpoint(), uri.bucket());
    HttpTransport transport =
        new HttpTransport(
            new HttpLimits(
                settings.maxConnections(),
                settings.connectTimeout(),
                settings.requestTimeout(),
                settings.stallTimeout()));
    StoreClock clock = new StoreClock(Clock.systemUTC());
    Signer signer =
        new ClockedSigner(settings.signatureV1() ? new SignerV1() : new SignerV4(), clock);
    boolean anonymous = settings.credentials() instanceof CredentialChoice.Anonymous;
    OSSClientBuilder builder =
        OSSClient.newBuilder()
            .region(region.name())
            .endpoint(region.endpoint())
            .usePathStyle(settings.pathStyle())
            .httpClient(new OssTransport(transport))
            .retryer(new NopRetryer())
            .signer(signer)
            .credentialsProvider(
                anonymous ? new AnonymousCredentialsProvider() : () -> present(credentials));
    String bucketUrl =
        OssSigner.bucketUrl(URI.create(region.endpoint()), uri.bucket(), settings.pathStyle());
    StoreCalls calls = new StoreCalls(location, credentials, clock);
    return new OssStore(
        location,
        builder.build(),
        transport,
        credentials,
        calls,
        new RangedGets(
            transport,
            credentials,
            calls,
            new OssSigner(signer, uri.bucket(), bucketUrl, region.name(), clock, anonymous),
            clock));
  }

  /** Whether settings, the endpoint's name or the environment tell the region. */
  public static boolean knowsRegion(StoreSettings settings, Map<String, String> environment) {
    return OssRegion.named(settings, environment).isPresent();
  }

  private static Credentials present(CredentialCache cache) {
    try {
      return identity(cache.current());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In the SDK's words. */
  static Credentials identity(StoreCredentials now) {
    return now.securityToken().isPresent()
        ? new Credentials(now.accessKeyId(), now.accessKeySecret(), now.securityToken().get())
        : new Credentials(now.accessKeyId(), now.accessKeySecret());
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
        ListObjectsV2Request.newBuilder()
            .bucket(location.bucket())
            .prefix(prefix)
            .maxKeys((long) PAGE_OBJECTS_MAX)
            .encodingType("url");
    if (depth == ListDepth.ONE_LEVEL) {
      request.delimiter("/");
    }
    continuation.ifPresent(request::continuationToken);
    return calls.call(
        "listing below \"" + Name.of(prefix) + "\"",
        cancellation,
        () -> page(OssErrors.translate(() -> client.listObjectsV2(request.build()))));
  }

  private static ObjectPage page(ListObjectsV2Result result) throws IOException {
    // the SDK takes an answer without a body for a success
    if (result.delegate == null || (result.isTruncated() == null && result.contents() == null)) {
      throw new StoreProtocolException("the store's answer is no listing");
    }
    boolean more = Boolean.TRUE.equals(result.isTruncated());
    @Nullable String next = result.nextContinuationToken();
    if (more && (next == null || next.isEmpty())) {
      throw new StoreProtocolException("the listing goes on, and the store does not say where");
    }
    @Nullable List<ObjectSummary> contents = result.contents();
    List<ObjectSummary> summaries = contents == null ? List.of() : contents;
    if (summaries.size() > PAGE_OBJECTS_MAX) {
      throw new StoreProtocolException("a page of the listing is longer than was asked for");
    }
    List<ObjectVersion> objects = new ArrayList<>(summaries.size());
    int unreadable = 0;
    for (ObjectSummary object : summaries) {
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
                archived(object.storageClass(), object.restoreInfo())));
      }
    }
    @Nullable List<CommonPrefix> common = result.commonPrefixes();
    List<String> prefixes =
        common == null
            ? List.of()
            : common.stream().map(CommonPrefix::prefix).filter(Objects::nonNull).toList();
    return new ObjectPage(
        objects, prefixes, unreadable, more ? Optional.ofNullable(next) : Optional.empty());
  }

  private static Optional<String> tag(@Nullable String etag) {
    return Optional.ofNullable(etag).map(RangeAnswer::bare).filter(tag -> !tag.isEmpty());
  }

  /** "Archive" itself may be readable at once where the bucket allows it: a read tells. */
  private static boolean archived(@Nullable String storageClass, @Nullable String restored) {
    return ("ColdArchive".equals(storageClass) || "DeepColdArchive".equals(storageClass))
        && restored == null;
  }

  @Override
  public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
    HeadObjectRequest request =
        HeadObjectRequest.newBuilder().bucket(location.bucket()).key(key).build();
    return calls.call(
        "looking up \"" + Name.of(key) + "\"",
        cancellation,
        () -> {
          HeadObjectResult result = OssErrors.translate(() -> client.headObject(request));
          @Nullable Long size = result.contentLength();
          if (size == null || size < 0) {
            throw new StoreProtocolException("the store does not say how large the object is");
          }
          return new ObjectVersion(
              key,
              size,
              tag(result.eTag()),
              RangeAnswer.millis(Optional.ofNullable(result.lastModified())).orElse(0L),
              archived(result.storageClass(), result.restore()));
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
    credentials.close();
    try {
      client.close();
    } catch (Exception e) {
      // it holds no connection of its own
    }
  }
}
