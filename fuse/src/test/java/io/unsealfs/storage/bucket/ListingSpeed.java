package io.unsealfs.storage.bucket;

import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectListing;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Not a test: how long 100,000 objects take to list and index at 20 ms a request, one page after
 * the other and in parts. Run by hand.
 */
public final class ListingSpeed {
  private static final int DIRECTORIES = 100;
  private static final int EACH = 1000;
  private static final long LATENCY_NANOS = 20_000_000;

  private ListingSpeed() {}

  /** No arguments. */
  public static void main(String[] args) throws Exception {
    StoreBucket bucket = new StoreBucket(StoreBucket.Dialect.S3, "models");
    for (int i = 0; i < DIRECTORIES * EACH; i++) {
      bucket.put("m/layer" + i / EACH + "/tensor-" + i % EACH, new byte[0]);
    }
    try (StoreServer server = new StoreServer(bucket)) {
      server.always(Fault.delay(20));
      for (int round = 0; round < 4; round++) {
        System.out.println("over HTTP, with the server on the same cores");
        serial(store(server));
        inParts(store(server));
      }
    }
    FakeStore fake = new FakeStore();
    for (int i = 0; i < DIRECTORIES * EACH; i++) {
      fake.put("m/layer" + i / EACH + "/tensor-" + i % EACH, new byte[0]);
    }
    fake.failsLists((page, prefix, depth, cancellation) -> LockSupport.parkNanos(LATENCY_NANOS));
    for (int round = 0; round < 4; round++) {
      System.out.println("latency alone");
      serial(fake);
      inParts(fake);
    }
  }

  private static ObjectStore store(StoreServer server) {
    Map<String, String> settings =
        Map.of(
            "endpoint",
            server.endpoint(),
            "path-style",
            "true",
            "credentials",
            "anonymous",
            "region",
            "local");
    return S3Store.open(
        ObjectUri.parse("s3://models/m"),
        StoreSettings.parse(settings),
        new CredentialCache(
            StoreCredentials::anonymous, Clock.systemUTC(), CredentialListener.none()));
  }

  private static void serial(ObjectStore store) throws IOException {
    try (store) {
      LongAdder requests = new LongAdder();
      long began = System.nanoTime();
      BucketIndex index = new BucketIndex("m/", 1_000_000);
      ObjectListing.walk(
          store,
          "m/",
          1_000_000,
          index,
          Cancellation.none(),
          (s, prefix, depth, continuation, cancellation) -> {
            requests.increment();
            return s.list(prefix, ListDepth.ALL, continuation, cancellation);
          });
      print("serial", began, index.objects(), requests.sum());
    }
  }

  private static void inParts(ObjectStore store) throws IOException {
    ChunkStore chunks = new ChunkStore(store, ChunkSettings.defaults(1L << 32, 1L << 31));
    long began = System.nanoTime();
    try (BucketTree tree =
        BucketTree.open(store, "m/", chunks, name -> false, RetryPolicy.DEFAULT, line -> {})) {
      print("in parts", began, tree.summary().objects(), tree.pages());
    }
  }

  private static void print(String how, long began, long objects, long requests) {
    System.out.printf(
        "%s: %d objects in %.2f s, %d requests%n",
        how, objects, (System.nanoTime() - began) / 1e9, requests);
  }
}
