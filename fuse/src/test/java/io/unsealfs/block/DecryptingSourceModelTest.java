package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class DecryptingSourceModelTest {
  private static final int EXTENT = 128 << 10;

  @Property(tries = 200)
  void readsEqualTheSameReadsOfAnArray(
      @ForAll("layouts") BlockLayout layout,
      @ForAll @IntRange(max = 3 * EXTENT + 5000) int size,
      @ForAll @LongRange(max = 4L * EXTENT) long capacity,
      @ForAll long seed)
      throws IOException {
    byte[] plaintext = ToyCipher.plaintext(1, size);
    ToyCipher cipher = new ToyCipher(layout);
    Random random = new Random(seed);
    try (BlockCache cache = new BlockCache(capacity, EXTENT);
        DecryptingSource source =
            new DecryptingSource(
                new MemorySource(cipher.encrypt(plaintext)), cipher, size, 1, "f", cache)) {
      for (int i = 0; i < 20; i++) {
        int offset = random.nextInt(size + 100);
        int length = random.nextInt(random.nextBoolean() ? 5000 : 2 * EXTENT);
        ByteBuffer dst = ByteBuffer.allocate(length + 7).position(3).limit(length + 3);
        int expected = Math.clamp((long) size - offset, 0, length);
        assertEquals(expected, source.read(offset, dst));
        assertEquals(3 + expected, dst.position());
        assertArrayEquals(
            Arrays.copyOfRange(
                plaintext, Math.min(offset, size), Math.min(offset, size) + expected),
            Arrays.copyOfRange(dst.array(), 3, 3 + expected));
      }
    }
  }

  @Provide
  Arbitrary<BlockLayout> layouts() {
    return Combinators.combine(
            Arbitraries.of(0, 18), Arbitraries.of(4096, 65536), Arbitraries.of(0, 32, 40))
        .as(BlockLayout::new);
  }
}
