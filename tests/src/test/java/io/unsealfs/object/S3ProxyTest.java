package io.unsealfs.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ListingVisitor;
import io.unsealfs.storage.object.ObjectChangedException;
import io.unsealfs.storage.object.ObjectListing;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both sources against a server that is not ours. */
class S3ProxyTest {
  private static final Cancellation NEVER = Cancellation.none();
  private static final byte[] CONTENT = content();

  @TempDir private Path directory;

  private static byte[] content() {
    byte[] bytes = new byte[3_000_000];
    new Random(11).nextBytes(bytes);
    return bytes;
  }

  private static CredentialCache credentials(String secret) {
    return new CredentialCache(
        () -> StoreCredentials.of("ak", secret, Optional.empty(), Optional.empty()),
        Clock.systemUTC(),
        CredentialListener.none());
  }

  private static StoreSettings settings(String endpoint, String... more) {
    Map<String, String> settings =
        new TreeMap<>(Map.of("endpoint", endpoint, "path-style", "true", "region", "cn-hangzhou"));
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return StoreSettings.parse(settings);
  }

  private static void fill(S3ProxyServer server) throws Exception {
    server.bucket("models");
    server.put("models", "tree/a.bin", CONTENT);
    server.put("models", "tree/sub/a b+c%.bin", new byte[] {1, 2, 3});
    server.put("models", "tree/ü/模型", new byte[0]);
    server.put("models", "other", new byte[] {9});
  }

  private static Map<String, ObjectVersion> list(ObjectStore store, String prefix)
      throws IOException {
    Map<String, ObjectVersion> found = new TreeMap<>();
    ObjectListing.walk(
        store,
        prefix,
        1000,
        new ListingVisitor() {
          @Override
          public void object(String path, ObjectVersion version) {
            found.put(path, version);
          }

          @Override
          public void skipped(KeyFault fault, String shownKey) {
            throw new AssertionError(fault + " " + shownKey);
          }
        },
        NEVER);
    return found;
  }

  private static byte[] read(ObjectStore store, ObjectVersion version, int offset, int length)
      throws IOException {
    byte[] ciphertext = new byte[length];
    store.get(version, offset, length, RangeSink.into(ByteBuffer.wrap(ciphertext)), NEVER);
    return ciphertext;
  }

  private static void listAndRead(S3ProxyServer server, ObjectStore store) throws Exception {
    Map<String, ObjectVersion> found = list(store, "tree/");
    found.keySet().removeIf(path -> path.endsWith("/"));
    assertEquals("[a.bin, sub/a b+c%.bin, ü/模型]", found.keySet().toString());
    ObjectVersion version = store.head("tree/a.bin", NEVER);
    assertEquals(CONTENT.length, version.size());
    ObjectVersion listed = found.getOrDefault("a.bin", version);
    assertEquals(version.etag(), listed.etag());
    assertArrayEquals(
        Arrays.copyOfRange(CONTENT, 1_000_000, 2_500_000),
        read(store, version, 1_000_000, 1_500_000));
    assertArrayEquals(CONTENT, read(store, listed, 0, CONTENT.length));
    assertArrayEquals(
        new byte[] {2, 3}, read(store, store.head("tree/sub/a b+c%.bin", NEVER), 1, 2));
    server.put("models", "tree/a.bin", new byte[CONTENT.length]);
    assertThrows(ObjectChangedException.class, () -> read(store, version, 0, 10));
    assertThrows(ObjectNotFoundException.class, () -> store.head("tree/missing", NEVER));
  }

  @Test
  void theS3SourceListsReadsAndNoticesAReplacement() throws Exception {
    try (S3ProxyServer server = S3ProxyServer.start(directory)) {
      fill(server);
      try (ObjectStore store =
          S3Store.open(
              ObjectUri.parse("s3://models/tree"),
              settings(server.endpoint()),
              credentials("sk"))) {
        listAndRead(server, store);
      }
    }
  }

  @Test
  void theOssSourceListsReadsAndNoticesAReplacement() throws Exception {
    try (S3ProxyServer server = S3ProxyServer.start(directory)) {
      fill(server);
      try (ObjectStore store =
          OssStore.open(
              ObjectUri.parse("oss://models/tree"),
              settings(server.openEndpoint()),
              credentials("sk"))) {
        listAndRead(server, store);
      }
    }
  }

  @Test
  void aWrongSecretNoSecretAndNoBucketAreNamed() throws Exception {
    try (S3ProxyServer server = S3ProxyServer.start(directory)) {
      fill(server);
      ObjectUri uri = ObjectUri.parse("s3://models/tree");
      try (ObjectStore store =
          S3Store.open(uri, settings(server.endpoint()), credentials("wrong"))) {
        assertThrows(StoreDeniedException.class, () -> list(store, ""));
      }
      try (ObjectStore store =
          S3Store.open(uri, settings(server.endpoint(), "anonymous", "true"), credentials("sk"))) {
        assertThrows(StoreDeniedException.class, () -> list(store, ""));
      }
      try (ObjectStore store =
          S3Store.open(
              ObjectUri.parse("s3://absent-bucket"),
              settings(server.endpoint()),
              credentials("sk"))) {
        assertThrows(ObjectNotFoundException.class, () -> list(store, ""));
      }
    }
  }
}
