package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/**
 * Whatever is read in whatever order, it is the object's bytes, and no request leaves the object.
 */
class ReadPropertyTest {
  private static final byte[] BYTES = FakeStore.bytes(24 << 20, 1);

  record Read(int offset, int length) {}

  @Provide
  Arbitrary<List<Read>> reads() {
    Arbitrary<Integer> offsets = Arbitraries.integers().between(0, BYTES.length + 10);
    Arbitrary<Integer> lengths =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 5000), Arbitraries.integers().between(0, 3 << 20));
    return Combinators.combine(offsets, lengths).as(Read::new).list().ofMaxSize(20);
  }

  @Property(tries = 60)
  void anyReadsGiveTheBytesOfTheObject(
      @ForAll("reads") List<Read> reads,
      @ForAll @IntRange(max = 24 << 20) int size,
      @ForAll @IntRange(min = 1, max = 40) int budgetChunks)
      throws IOException {
    byte[] bytes = Arrays.copyOf(BYTES, size);
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", bytes);
    ChunkSettings settings =
        ChunkSettings.defaults(1L << 32, 1L << 31)
            .withBudget((long) budgetChunks * ChunkGrid.CHUNK_BYTES);
    try (ChunkStore store = new ChunkStore(fake, settings);
        Source source = store.open(version)) {
      for (Read read : reads) {
        ByteBuffer dst = ByteBuffer.allocate(read.length());
        int got = source.read(read.offset(), dst);
        int expected = Math.max(0, Math.min(read.length(), size - read.offset()));
        if (got != expected
            || dst.position() != got
            || !Arrays.equals(
                bytes,
                Math.min(size, read.offset()),
                Math.min(size, read.offset()) + got,
                dst.array(),
                0,
                got)) {
          throw new AssertionError(read + " gave " + got);
        }
      }
    }
    for (FakeStore.Request request : fake.requests) {
      if (request.offset() + request.length() > size || request.length() < 1) {
        throw new AssertionError(request + " of " + size);
      }
    }
  }
}
