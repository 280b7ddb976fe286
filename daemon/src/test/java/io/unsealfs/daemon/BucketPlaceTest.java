package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BucketPlaceTest {
  private static final Logger LOG = Logger.getLogger(BucketPlace.class.getName());

  private final List<String> lines = new ArrayList<>();
  private final Handler listener =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          lines.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.addHandler(listener);
  }

  @AfterEach
  void listenNoMore() {
    LOG.removeHandler(listener);
  }

  /** A bucket with one object, which is only looked up. */
  private record OneImage(Optional<String> etag) implements ObjectStore {
    @Override
    public StoreLocation location() {
      return new StoreLocation("s3", "http://127.0.0.1:1", "models");
    }

    @Override
    public ObjectPage list(
        String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation) {
      return new ObjectPage(List.of(), List.of(), 0, Optional.empty());
    }

    @Override
    public ObjectVersion head(String key, Cancellation cancellation) {
      return new ObjectVersion(key, 1000, etag, 1000, false);
    }

    @Override
    public Fetched get(
        ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
        throws IOException {
      throw new IOException("nothing is read here");
    }

    @Override
    public void close() {}
  }

  /** A bucket whose own names are refused, with these keys below "models". */
  private record RightsBelow(List<String> keys, boolean listed) implements ObjectStore {
    @Override
    public StoreLocation location() {
      return new StoreLocation("s3", "http://127.0.0.1:1", "models");
    }

    @Override
    public ObjectPage list(
        String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
        throws IOException {
      if (!listed || !prefix.equals("qwen/")) {
        throw new StoreDeniedException("the listing was refused");
      }
      return new ObjectPage(
          keys.stream()
              .map(key -> new ObjectVersion(key, 10, Optional.of("e"), 1000, false))
              .toList(),
          List.of(),
          0,
          Optional.empty());
    }

    @Override
    public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
      throw new StoreDeniedException("the name was refused");
    }

    @Override
    public Fetched get(
        ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
        throws IOException {
      throw new IOException("nothing is read here");
    }

    @Override
    public void close() {}
  }

  private static BucketPlace openBelow(List<String> keys, boolean listed) throws IOException {
    return BucketPlace.open(
        ObjectUri.parse("s3://models/qwen"),
        new RightsBelow(keys, listed),
        new ObjectOptions(),
        ChunkSettings.defaults(1L << 32, 1L << 31),
        new CredentialFigures());
  }

  @Test
  void rightsBelowThePrefixAreEnough() throws Exception {
    try (BucketPlace place = openBelow(List.of("qwen/a"), true)) {
      assertFalse(place.isFile());
      try (FileTree tree = place.tree()) {
        assertEquals(1, tree.list(tree.root()).size());
      }
    }
  }

  @Test
  void whereTheListingIsRefusedTooThatIsSaid() {
    StoreDeniedException e =
        assertThrows(StoreDeniedException.class, () -> openBelow(List.of(), false));
    assertEquals("the listing was refused", e.getMessage());
  }

  @Test
  void aRefusedNameWithNothingBelowItIsARefusal() {
    StoreDeniedException e =
        assertThrows(StoreDeniedException.class, () -> openBelow(List.of(), true));
    assertTrue(String.valueOf(e.getMessage()).contains("the name was refused"), e::getMessage);
  }

  @Test
  void lookupsOfSingleObjectsAreCounted() throws Exception {
    try (BucketPlace refused = openBelow(List.of("qwen/a"), true)) {
      assertEquals(1, refused.heads().requests());
      assertEquals(1, refused.heads().failed());
    }
    try (BucketPlace image = open(Optional.of("e"))) {
      assertEquals(Refreshed.same(), image.refresh(Cancellation.none()));
      assertEquals(2, image.heads().requests());
      assertEquals(0, image.heads().failed());
    }
  }

  private static BucketPlace open(Optional<String> etag) throws IOException {
    return BucketPlace.open(
        ObjectUri.parse("s3://models/disk.img"),
        new OneImage(etag),
        new ObjectOptions(),
        ChunkSettings.defaults(1L << 32, 1L << 31),
        new CredentialFigures());
  }

  @Test
  void anImageWithoutAnEntityTagIsToldOfOnce() throws Exception {
    try (BucketPlace tagged = open(Optional.of("e"))) {
      assertTrue(tagged.isFile());
      assertEquals(List.of(), lines);
    }
    try (BucketPlace untagged = open(Optional.empty())) {
      assertEquals(Refreshed.same(), untagged.refresh(Cancellation.none()));
      assertEquals(1, lines.size(), lines::toString);
      assertTrue(lines.getFirst().contains("without an ETag"), lines::toString);
    }
  }
}
