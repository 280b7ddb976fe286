package io.unsealfs.storage.object.oss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectStoreContract;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.OssSignature;
import io.unsealfs.storage.object.server.StoreBucket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OssStoreTest extends ObjectStoreContract {

  @Override
  protected StoreBucket.Dialect dialect() {
    return StoreBucket.Dialect.OSS;
  }

  @Override
  protected ObjectStore open(ObjectUri uri, StoreSettings settings, CredentialCache credentials) {
    return OssStore.open(uri, settings, credentials);
  }

  @Test
  void everyRequestIsSignedWithItsToken() throws IOException {
    server()
        .gate(request ->
            OssSignature.valid(request, "sk")
                    && request.headers().containsKey("x-oss-security-token")
                ? null
                : Fault.status(403, "SignatureDoesNotMatch"));
    server().bucket().put("tree/a b+c.bin", new byte[] {1, 2, 3});
    try (ObjectStore store = open(Map.of())) {
      ObjectVersion version = store.head("tree/a b+c.bin", Cancellation.none());
      ByteBuffer ciphertext = ByteBuffer.allocate(2);
      store.get(version, 1, 2, RangeSink.into(ciphertext), Cancellation.none());
      assertArrayEquals(new byte[] {2, 3}, ciphertext.array());
      ObjectPage page = store.list("tree/", ListDepth.ALL, Optional.empty(), Cancellation.none());
      assertEquals("tree/a b+c.bin", page.objects().getFirst().key());
    }
  }

  @Test
  void theOldSignatureIsSpokenWhereItIsAskedFor() throws IOException {
    try (ObjectStore store = open(Map.of("signature", "v1"))) {
      store.head("tree/a.bin", Cancellation.none());
    }
    String authorization =
        server().traffic().requests().getLast().headers().getOrDefault("authorization", "");
    assertTrue(authorization.startsWith("OSS ak"), authorization);
  }

  @Test
  void aPublicBucketIsReadUnsigned() throws IOException {
    try (ObjectStore store = open(Map.of("anonymous", "true"))) {
      store.head("tree/a.bin", Cancellation.none());
    }
    assertFalse(server().traffic().requests().getLast().headers().containsKey("authorization"));
  }

  @Test
  void theRangeBehaviourIsAlwaysAskedFor() throws IOException {
    try (ObjectStore store = open(Map.of())) {
      ObjectVersion version = store.head("tree/a.bin", Cancellation.none());
      store.get(version, 0, 10, RangeSink.into(ByteBuffer.allocate(10)), Cancellation.none());
    }
    assertEquals(
        "standard", server().traffic().requests().getLast().headers().get("x-oss-range-behavior"));
  }

  @Test
  void pathStyleThatTheStoreForbidsIsNamed() throws IOException {
    server().always(Fault.status(403, "SecondLevelDomainForbidden"));
    try (ObjectStore store = open(Map.of())) {
      StoreDeniedException e =
          assertThrows(
              StoreDeniedException.class,
              () -> store.list("", ListDepth.ALL, Optional.empty(), Cancellation.none()));
      assertTrue(String.valueOf(e.getMessage()).contains("path-style"), e::getMessage);
      assertTrue(String.valueOf(e.getMessage()).contains("0001-1"), e::getMessage);
      assertTrue(String.valueOf(e.getMessage()).contains("R-1"), e::getMessage);
    }
  }

  @Test
  void theRegionIsTakenFromTheEndpointsName() {
    assertEquals(
        new OssRegion("cn-beijing", "https://oss-cn-beijing-internal.aliyuncs.com"),
        OssRegion.of(
            StoreSettings.parse(
                Map.of("endpoint", "https://oss-cn-beijing-internal.aliyuncs.com"))));
    assertEquals(
        new OssRegion("cn-hangzhou", "https://oss-cn-hangzhou.aliyuncs.com"),
        OssRegion.of(StoreSettings.parse(Map.of("region", "oss-cn-hangzhou"))));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            OssRegion.of(
                StoreSettings.parse(Map.of("endpoint", "https://oss-accelerate.aliyuncs.com"))));
  }
}
