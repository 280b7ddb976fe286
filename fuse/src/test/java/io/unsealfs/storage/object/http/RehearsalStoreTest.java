package io.unsealfs.storage.object.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectChangedException;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RehearsalStoreTest {
  private static final long SIZE = 1L << 30;
  private static final int LENGTH = 1 << 20;

  @Test
  void bringsAsManyBytesAsAreAskedForAgainAndAgain() throws Exception {
    ByteBuffer ciphertext = ByteBuffer.allocateDirect(LENGTH);
    try (RehearsalStore store = new RehearsalStore(SIZE)) {
      for (long offset : new long[] {0, 17, SIZE - LENGTH}) {
        store.get(
            store.object(), offset, LENGTH, RangeSink.into(ciphertext.clear()), new Cancellation());
        assertEquals(0, ciphertext.remaining());
      }
    }
  }

  @Test
  void answersAreCheckedAsThoseOfARealStore() {
    ObjectVersion replaced = new ObjectVersion("object", SIZE, Optional.of("other"), 0, false);
    ObjectVersion grown = new ObjectVersion("object", SIZE + 1, Optional.empty(), 0, false);
    try (RehearsalStore store = new RehearsalStore(SIZE)) {
      for (ObjectVersion version : new ObjectVersion[] {replaced, grown}) {
        assertThrows(
            ObjectChangedException.class,
            () ->
                store.get(
                    version,
                    0,
                    LENGTH,
                    RangeSink.into(ByteBuffer.allocate(LENGTH)),
                    new Cancellation()));
      }
    }
  }

  @Test
  void hasNothingElse() {
    try (RehearsalStore store = new RehearsalStore(SIZE)) {
      assertThrows(ObjectNotFoundException.class, () -> store.head("object", new Cancellation()));
    }
  }
}
