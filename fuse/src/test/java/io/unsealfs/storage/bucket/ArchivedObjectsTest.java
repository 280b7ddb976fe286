package io.unsealfs.storage.bucket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.Undoubled;
import io.unsealfs.storage.object.ObjectArchivedException;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreBucket.Dialect;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects of archive classes, before and after they were restored. */
@Timeout(60)
class ArchivedObjectsTest {
  private static final byte[] CONTENT = {1, 2, 3};

  private final List<String> warnings = new ArrayList<>();

  private static ObjectStore store(Dialect dialect, StoreServer server) {
    StoreSettings settings =
        StoreSettings.parse(
            Map.of("endpoint", server.endpoint(), "path-style", "true", "region", "cn-hangzhou"));
    CredentialCache credentials =
        new CredentialCache(
            () -> StoreCredentials.of("id", "secret", Optional.empty(), Optional.empty()),
            Clock.systemUTC(),
            CredentialListener.none());
    return dialect == Dialect.S3
        ? S3Store.open(ObjectUri.parse("s3://models/m"), settings, credentials)
        : OssStore.open(ObjectUri.parse("oss://models/m"), settings, credentials);
  }

  private BucketTree open(Dialect dialect, StoreServer server) throws IOException {
    ObjectStore store = store(dialect, server);
    return BucketTree.open(
        store,
        "m/",
        new ChunkStore(store, Undoubled.SETTINGS),
        name -> name.equals(Name.of("iv")),
        RetryPolicy.DEFAULT,
        warnings::add);
  }

  private static byte[] content(BucketTree tree, String name) throws IOException {
    try (Source source = tree.open(tree.lookup(tree.root(), Name.of(name)))) {
      ByteBuffer dst = ByteBuffer.allocate(CONTENT.length);
      source.read(0, dst);
      return dst.array();
    }
  }

  private static StoreServer server(Dialect dialect, String storageClass) {
    StoreServer server = new StoreServer(new StoreBucket(dialect, "models"));
    server.bucket().put("m/a", CONTENT);
    server.bucket().put("m/iv", CONTENT);
    server.bucket().storageClass(storageClass);
    return server;
  }

  @ParameterizedTest
  @CsvSource({
    "S3, GLACIER, 1",
    "S3, DEEP_ARCHIVE, 1",
    "OSS, ColdArchive, 1",
    "OSS, DeepColdArchive, 1",
    // readable at once where the bucket allows it, which a listing does not say
    "OSS, Archive, 0"
  })
  void theyAreToldOfAtTheMountAndReadOnceTheyAreRestored(
      Dialect dialect, String storageClass, int told) throws IOException {
    try (StoreServer server = server(dialect, storageClass);
        BucketTree tree = open(dialect, server)) {
      assertEquals(told, warnings.size(), warnings::toString);
      assertTrue(warnings.stream().allMatch(line -> line.contains("archive class")));
      assertEquals(0, tree.summary().kept());
      assertThrows(ObjectArchivedException.class, () -> content(tree, "a"));
      server.bucket().restore();
      assertArrayEquals(CONTENT, contentInTheEnd(tree));
    }
  }

  /** A failure answers for a moment; then the store is asked again. */
  private static byte[] contentInTheEnd(BucketTree tree) throws IOException {
    while (true) {
      try {
        return content(tree, "a");
      } catch (ObjectArchivedException e) {
        Thread.onSpinWait();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"S3, GLACIER", "OSS, ColdArchive", "OSS, Archive"})
  void whatWasRestoredBeforeTheMountIsReadAndKept(Dialect dialect, String storageClass)
      throws IOException {
    try (StoreServer server = server(dialect, storageClass)) {
      server.bucket().restore();
      try (BucketTree tree = open(dialect, server)) {
        assertArrayEquals(CONTENT, content(tree, "a"));
        assertEquals(1, tree.summary().kept());
      }
    }
  }
}
