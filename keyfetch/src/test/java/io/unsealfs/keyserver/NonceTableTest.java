package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.unsealfs.keyserver.Nonces.Use;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NonceTableTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final NonceTable table = new NonceTable(4, Duration.ofSeconds(60), nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void aNonceWorksOnceAndOnlyOnce() {
    byte[] nonce = table.issue();
    assertEquals(NonceTable.NONCE_SIZE, nonce.length);
    assertEquals(Use.FRESH, table.use(nonce));
    assertEquals(Use.INVALID, table.use(nonce));
  }

  @Test
  void noncesDiffer() {
    assertFalse(Arrays.equals(table.issue(), table.issue()));
  }

  @Test
  void aNonceDiesWhenItsLifeIsOver() {
    byte[] nonce = table.issue();
    byte[] other = table.issue();
    pass(Duration.ofSeconds(60));
    assertEquals(Use.FRESH, table.use(nonce), "at the very end of its life");
    pass(Duration.ofNanos(1));
    assertEquals(Use.INVALID, table.use(other), "just after");
  }

  @Test
  void aSpentNonceDoesNotReviveWhenItsEntryIsForgotten() {
    byte[] nonce = table.issue();
    pass(Duration.ofSeconds(59));
    assertEquals(Use.FRESH, table.use(nonce));
    for (int second = 0; second < 200; second++) {
      pass(Duration.ofSeconds(1));
      assertEquals(Use.INVALID, table.use(nonce));
      table.use(table.issue());
    }
  }

  @Test
  void everyFlippedBitMakesItInvalid() {
    byte[] nonce = table.issue();
    for (int bit = 0; bit < 8 * nonce.length; bit++) {
      byte[] forged = nonce.clone();
      forged[bit / 8] ^= (byte) (1 << bit % 8);
      assertEquals(Use.INVALID, table.use(forged), "bit " + bit);
    }
    assertEquals(0, table.size(), "forged nonces take no memory");
    assertEquals(Use.FRESH, table.use(nonce));
  }

  @Test
  void otherLengthsAndOtherProcessesNoncesAreInvalid() {
    assertEquals(Use.INVALID, table.use(new byte[0]));
    assertEquals(Use.INVALID, table.use(new byte[NonceTable.NONCE_SIZE]));
    assertEquals(Use.INVALID, table.use(Arrays.copyOf(table.issue(), 31)));
    assertEquals(Use.INVALID, table.use(Arrays.copyOf(table.issue(), 33)));
    NonceTable other = new NonceTable(4, Duration.ofSeconds(60), nanos::get);
    assertEquals(Use.INVALID, table.use(other.issue()));
  }

  @Test
  void aFloodOfChallengesTakesNoMemoryAndCostsNobodyItsNonce() {
    byte[] honest = table.issue();
    for (int i = 0; i < 100_000; i++) {
      table.issue();
    }
    assertEquals(0, table.size());
    assertEquals(Use.FRESH, table.use(honest));
  }

  @Test
  void aFullTableRefusesAndForgetsNothingUntilItIsTooOld() {
    List<byte[]> spent = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      spent.add(table.issue());
      assertEquals(Use.FRESH, table.use(spent.get(i)));
    }
    byte[] late = table.issue();
    assertEquals(Use.FULL, table.use(late));
    assertEquals(4, table.size());
    for (byte[] nonce : spent) {
      assertEquals(Use.INVALID, table.use(nonce), "no replay out of a full table");
    }
    pass(Duration.ofSeconds(61));
    assertEquals(Use.FRESH, table.use(table.issue()));
    assertEquals(1, table.size());
  }

  @Test
  void ofManyThreadsOneWins() throws Exception {
    byte[] nonce = table.issue();
    List<Callable<Use>> uses = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      uses.add(() -> table.use(nonce));
    }
    int fresh = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<Use> use : threads.invokeAll(uses)) {
        fresh += use.get() == Use.FRESH ? 1 : 0;
      }
    }
    assertEquals(1, fresh);
  }
}
