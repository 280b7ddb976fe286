package io.unsealfs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.storage.object.http.HttpLimits;
import io.unsealfs.storage.object.http.HttpTransport;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Where the objects of a bucket are. */
class BucketUrlTest {

  @ParameterizedTest
  @CsvSource({
    "http://cache.internal:9000, true, models, http://cache.internal:9000/models/",
    "http://cache.internal:9000, false, models, http://models.cache.internal:9000/",
    "http://127.0.0.1:9000, true, models, http://127.0.0.1:9000/models/",
    "https://s3.eu-central-1.amazonaws.com, false, models,"
        + " https://models.s3.eu-central-1.amazonaws.com/",
    "https://s3.eu-central-1.amazonaws.com, false, my.models,"
        + " https://s3.eu-central-1.amazonaws.com/my.models/",
    "http://cache.internal/below, true, models, http://cache.internal/below/models/",
  })
  void isTheOneTheSdkUses(String endpoint, boolean pathStyle, String bucket, String url) {
    Duration soon = Duration.ofSeconds(1);
    try (HttpTransport transport = new HttpTransport(new HttpLimits(1, soon, soon, soon));
        S3Client client =
            S3Client.builder()
                .endpointOverride(URI.create(endpoint))
                .region(Region.EU_CENTRAL_1)
                .forcePathStyle(pathStyle)
                .credentialsProvider(AnonymousCredentialsProvider.create())
                .httpClient(new S3Transport(transport))
                .build()) {
      assertEquals(url, S3Store.bucketUrl(client, bucket));
    }
  }
}
