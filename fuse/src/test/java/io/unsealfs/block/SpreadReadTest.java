package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Large requests with helpers, on a crew that believes in four cores. */
@Timeout(60)
class SpreadReadTest {
  private static final int SIZE = 1 << 20;
  private static final ToyCipher CIPHER = new ToyCipher(new BlockLayout(18, 4096, 32));

  private final byte[] plaintext = ToyCipher.plaintext(2, SIZE);
  private final byte[] stored = CIPHER.encrypt(plaintext);
  private final MemorySource ciphertext = new MemorySource(stored);
  private final BlockCache cache = new BlockCache(0, 128 << 10);
  private final StoredBlocks blocks =
      new StoredBlocks(
          ciphertext,
          CIPHER,
          CIPHER.layout().extents(128 << 10, SIZE),
          "f",
          new Pace(Double.MAX_VALUE),
          cache);
  private Crew crew = new Crew(3, 4);
  private final byte[] into = new byte[SIZE];
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();

  @AfterEach
  void close() throws IOException {
    crew.close();
    blocks.close();
    cache.close();
  }

  private void read() throws IOException {
    crew.enter();
    try {
      new SpreadRead(blocks, 0, SIZE / 4096, 8, into, 0).run(crew);
    } finally {
      crew.leave();
    }
  }

  @Test
  void helpersTakePartsAndEveryByteIsThere() throws IOException {
    CountDownLatch two = new CountDownLatch(2);
    ciphertext.beforeRead((offset, length) -> {
      if (workers.add(Thread.currentThread())) {
        two.countDown();
      }
      await(two);
    });
    read();
    assertTrue(workers.size() > 1, "a helper came");
    assertArrayEquals(plaintext, into);
  }

  @Test
  void nobodyHelpsWhileEveryCoreIsBusy() throws IOException {
    ciphertext.beforeRead((offset, length) -> workers.add(Thread.currentThread()));
    for (int i = 0; i < 3; i++) {
      crew.enter();
    }
    for (int round = 0; round < 20; round++) {
      read();
    }
    assertEquals(Set.of(Thread.currentThread()), workers);
  }

  @Test
  void aDamagedPartFailsTheRequestWithTheFirstDamageOfTheFile() throws IOException {
    for (int block : new int[] {30, 31, 100, 255}) {
      stored[(int) CIPHER.layout().ciphertextOffset(block) + 50] ^= 1;
    }
    for (int round = 0; round < 200; round++) {
      IntegrityException e = assertThrows(IntegrityException.class, this::read);
      assertEquals(CIPHER.layout().ciphertextOffset(30), e.ciphertextOffset());
    }
  }

  @Test
  void whateverAHelperDiesOfReachesTheReader() {
    Thread reader = Thread.currentThread();
    CountDownLatch helped = new CountDownLatch(1);
    ciphertext.beforeRead((offset, length) -> {
      if (Thread.currentThread().equals(reader)) {
        await(helped);
      } else {
        helped.countDown();
        throw new StackOverflowError();
      }
    });
    assertThrows(StackOverflowError.class, this::read);
  }

  @Test
  void afterAFailureNobodyTouchesTheBufferAndTheNextRequestSucceeds() throws IOException {
    for (int round = 0; round < 200; round++) {
      ciphertext.beforeRead((offset, length) -> {
        if (offset > SIZE / 2) {
          throw new StorageException("gone");
        }
      });
      assertThrows(StorageException.class, this::read);
      byte[] after = into.clone();
      ciphertext.beforeRead((offset, length) -> {});
      assertArrayEquals(after, into);
      read();
      assertArrayEquals(plaintext, into);
    }
  }

  @Test
  void anInterruptedReaderWaitsForHisHelpersAndKeepsTheInterrupt() throws IOException {
    Thread.currentThread().interrupt();
    read();
    assertTrue(Thread.interrupted());
    assertArrayEquals(plaintext, into);
  }

  @Test
  void aClosedCrewLeavesTheWorkToTheReader() throws IOException {
    crew.close();
    ByteBuffer.wrap(into).put(0, (byte) 1);
    read();
    assertArrayEquals(plaintext, into);
  }

  @Test
  void withoutAThreadToBeHadTheReaderGoesOnWithTheHelpHeHas() throws IOException {
    crew.close();
    AtomicInteger asked = new AtomicInteger();
    crew =
        new Crew(
            3,
            4,
            helper -> {
              if (asked.incrementAndGet() > 1) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              return Thread.ofPlatform().daemon().unstarted(helper);
            });
    CountDownLatch two = new CountDownLatch(2);
    ciphertext.beforeRead((offset, length) -> {
      if (workers.add(Thread.currentThread())) {
        two.countDown();
      }
      await(two);
    });
    for (int round = 1; round <= 3; round++) {
      Arrays.fill(into, (byte) 0);
      read();
      assertArrayEquals(plaintext, into);
      assertEquals(2, workers.size(), "the reader and the one helper");
    }
    assertEquals(4, asked.get(), "each request tries again to have another");
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IOException("nobody came");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
