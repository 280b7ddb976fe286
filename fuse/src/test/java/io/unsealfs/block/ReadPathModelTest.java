package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Every way through the read path gives what a plain array of the plaintext would. */
class ReadPathModelTest {
  private static final int BLOCK = 4096;
  private static final int EXTENT = 16 * BLOCK;
  private static final BlockLayout LAYOUT = new BlockLayout(18, BLOCK, 32);
  private static final ToyCipher CIPHER = new ToyCipher(LAYOUT);

  /** A file with damage, and what is known of it. */
  private static final class Model {
    final byte[] plaintext;
    final byte[] stored;
    final TreeSet<Long> damaged = new TreeSet<>();

    Model(int size, int damages, Random random) {
      plaintext = ToyCipher.plaintext(1, size);
      stored = CIPHER.encrypt(plaintext);
      for (int i = 0; i < damages; i++) {
        long block = random.nextLong(LAYOUT.blockCount(size));
        if (damaged.add(block)) {
          stored[(int) LAYOUT.ciphertextOffset(block) + 33] ^= 0x10;
        }
      }
    }

    /** Reads and compares; what the model says is damaged must fail, and name the first block. */
    void read(DecryptingSource source, long offset, ByteBuffer dst) throws IOException {
      int start = dst.position();
      int expected = Math.clamp(plaintext.length - offset, 0, dst.remaining());
      Long bad = expected == 0 ? null : damaged.ceiling(LAYOUT.blockOf(offset));
      if (bad != null && bad <= LAYOUT.blockOf(offset + expected - 1)) {
        IntegrityException e =
            assertThrows(IntegrityException.class, () -> source.read(offset, dst));
        assertEquals("dir/file", e.location());
        assertEquals(LAYOUT.ciphertextOffset(bad), e.ciphertextOffset());
        assertEquals(start, dst.position());
        assertNothingOf(bad, offset, start, dst);
        return;
      }
      assertEquals(expected, source.read(offset, dst));
      assertEquals(start + expected, dst.position());
      byte[] got = new byte[expected];
      dst.get(start, got);
      int from = (int) Math.min(offset, plaintext.length);
      assertArrayEquals(Arrays.copyOfRange(plaintext, from, from + expected), got);
    }

    /** The toy cipher writes before it checks; its plaintext is never zero. */
    private void assertNothingOf(long bad, long offset, int start, ByteBuffer dst) {
      long from = Math.max(0, LAYOUT.plaintextOffset(bad) - offset);
      long to = Math.min(dst.limit() - start, LAYOUT.plaintextOffset(bad + 1) - offset);
      for (long at = from; at < Math.min(to, plaintext.length - offset); at++) {
        assertEquals(0, dst.get(start + (int) at));
      }
    }
  }

  private static ByteBuffer buffer(int length, Random random) {
    int front = random.nextInt(20);
    return switch (random.nextInt(3)) {
      case 0 -> ByteBuffer.allocate(front + length + 3).position(front).limit(front + length);
      case 1 -> ByteBuffer.allocate(front + length + 9).slice(front, length);
      default ->
          ByteBuffer.allocateDirect(front + length + 3).position(front).limit(front + length);
    };
  }

  /** Lengths and offsets as transports ask for them, and odd ones. */
  private static void readAtRandom(Model model, DecryptingSource source, Random random, int reads)
      throws IOException {
    int size = model.plaintext.length;
    long sequential = 0;
    for (int i = 0; i < reads; i++) {
      switch (random.nextInt(5)) {
        case 0 ->
            model.read(source, random.nextInt(size + 9), buffer(random.nextInt(9000), random));
        case 1 -> {
          int length = BLOCK << random.nextInt(9);
          model.read(source, random.nextLong(size / BLOCK + 1) * BLOCK, buffer(length, random));
        }
        case 2 -> model.read(source, random.nextLong(4) * BLOCK, buffer(BLOCK, random));
        case 3 -> model.read(source, random.nextInt(size), buffer(random.nextInt(size), random));
        default -> {
          model.read(source, sequential, buffer(2 * EXTENT, random));
          sequential = sequential >= size ? 0 : sequential + 2 * EXTENT;
        }
      }
    }
  }

  private static List<IntFunction<ReadPolicy>> policies(Executor executor) {
    return List.of(
        seed -> ReadPolicy.PLAIN,
        seed -> new ReadPolicy(true, 1 + seed % 3),
        seed -> new ReadPolicy(new ReadAhead.Policy(executor, 4 * EXTENT, 0), false, 0),
        seed -> new ReadPolicy(new ReadAhead.Policy(executor, 4 * EXTENT, 0), true, 3));
  }

  @Property(tries = 60)
  void anyReadEqualsTheSameReadOfAnArrayOrFailsWhereTheFileIsDamaged(
      @ForAll @IntRange(min = 1, max = 40 * EXTENT) int size,
      @ForAll @IntRange(max = 6) int damages,
      @ForAll @IntRange(max = 1000) int seed)
      throws Exception {
    Random random = new Random(seed);
    Model model = new Model(size, random.nextBoolean() ? 0 : damages, random);
    try (ExecutorService ahead = Executors.newSingleThreadExecutor()) {
      for (IntFunction<ReadPolicy> policy : policies(ahead)) {
        MemorySource ciphertext = new MemorySource(model.stored);
        if (random.nextBoolean()) {
          ciphertext.takesHints();
        }
        long capacity = random.nextLong(20 * EXTENT);
        try (BlockCache cache = new BlockCache(capacity, EXTENT, policy.apply(seed));
            DecryptingSource source =
                new DecryptingSource(ciphertext, CIPHER, size, 1, "dir/file", cache)) {
          readAtRandom(model, source, random, 40);
        }
      }
    }
  }

  @Property(tries = 10)
  void concurrentReadersWithHelpersGetWhatEachOfThemWouldGetAlone(
      @ForAll @IntRange(max = 3) int damages, @ForAll @IntRange(max = 1000) int seed)
      throws Exception {
    Model model = new Model(50 * EXTENT + 777, damages, new Random(seed));
    try (ExecutorService threads = Executors.newFixedThreadPool(5);
        BlockCache cache =
            new BlockCache(
                10 * EXTENT,
                EXTENT,
                new ReadPolicy(new ReadAhead.Policy(threads, 4 * EXTENT, 0), false, 3));
        DecryptingSource source =
            new DecryptingSource(
                new MemorySource(model.stored),
                CIPHER,
                model.plaintext.length,
                1,
                "dir/file",
                cache)) {
      List<Future<?>> readers = new ArrayList<>();
      for (int reader = 0; reader < 4; reader++) {
        Random random = new Random(seed + reader);
        readers.add(
            threads.submit(() -> {
              readAtRandom(model, source, random, 40);
              return "done";
            }));
      }
      for (Future<?> reader : readers) {
        reader.get();
      }
      cache.resize(0);
      assertTrue(cache.figures().bytesHeld() <= 8L * EXTENT, "only what is being loaded ahead");
    }
  }
}
