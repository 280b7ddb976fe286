package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.keyserver.store.SharedStore.Mark;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a real etcd, and what several servers need besides. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdStoreTest extends StoreContract {
  private static final byte[] VALUE = "value".getBytes(UTF_8);

  @TempDir static Path scratch;
  private final AtomicInteger tests = new AtomicInteger();
  private @Nullable EtcdServer etcd;

  @BeforeAll
  void startEtcd() throws Exception {
    etcd = EtcdServer.start(scratch);
  }

  @AfterAll
  void stopEtcd() throws Exception {
    if (etcd != null) {
      etcd.close();
    }
  }

  @BeforeEach
  void takeKeysOfItsOwn() {
    tests.incrementAndGet();
  }

  private EtcdServer etcd() {
    if (etcd == null) {
      throw new AssertionError("no etcd");
    }
    return etcd;
  }

  @Override
  EtcdStore another() throws StoreException {
    return EtcdStore.open(etcd().options("test-" + tests.get() + "/"));
  }

  @Test
  void aMarkIsSetOnceOverAllServers() throws Exception {
    try (EtcdStore a = another();
        EtcdStore b = another()) {
      long slot = a.openSlot(Duration.ofMinutes(5));
      assertEquals(Mark.SET, b.mark(slot, "1"));
      assertEquals(Mark.TAKEN, a.mark(slot, "1"));
      assertEquals(Mark.TAKEN, b.mark(slot, "1"));
      assertEquals(Mark.SET, a.mark(slot, "2"));
      long other = b.openSlot(Duration.ofMinutes(5));
      assertNotEquals(slot, other);
      assertEquals(Mark.SET, b.mark(other, "1"));
    }
  }

  @Test
  void ofManyThatRaceForAMarkOneWins() throws Exception {
    int racers = 8;
    try (EtcdStore a = another();
        EtcdStore b = another();
        ExecutorService threads = Executors.newFixedThreadPool(racers)) {
      long slot = a.openSlot(Duration.ofMinutes(5));
      List<Callable<Mark>> race = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        EtcdStore one = i % 2 == 0 ? a : b;
        race.add(() -> one.mark(slot, "prize"));
      }
      int won = 0;
      for (Future<Mark> mark : threads.invokeAll(race)) {
        won += mark.get() == Mark.SET ? 1 : 0;
      }
      assertEquals(1, won);
    }
  }

  @Test
  void inASlotThatNeverWasNothingIsMarked() throws Exception {
    try (EtcdStore store = another()) {
      assertEquals(Mark.SLOT_ENDED, store.mark(0x1234_5678L, "1"));
      assertEquals(List.of(), store.list("slots/"));
    }
  }

  @Test
  void aSlotEndsByItselfWithAllItsMarks() throws Exception {
    try (EtcdStore store = another()) {
      long slot = store.openSlot(Duration.ofSeconds(8));
      assertEquals(Mark.SET, store.mark(slot, "1"));
      // etcd has the say in how long a second is; the test's time limit is the bound
      while (store.mark(slot, "1") == Mark.TAKEN) {
        Thread.sleep(50);
      }
      assertEquals(Mark.SLOT_ENDED, store.mark(slot, "1"));
      assertEquals(List.of(), store.list("slots/"));
    }
  }

  @Test
  void withoutEtcdItIsUnavailableAndThenBackByItself(@TempDir Path own) throws Exception {
    try (EtcdServer server = EtcdServer.start(own);
        EtcdStore store = EtcdStore.open(server.options("a/"))) {
      assertTrue(store.put("key", VALUE, Store.ABSENT));
      server.kill();
      StoreUnavailableException failure =
          assertThrows(StoreUnavailableException.class, () -> store.get("key"));
      assertTrue(String.valueOf(failure.getMessage()).contains(server.url()));
      assertThrows(StoreUnavailableException.class, () -> store.put("other", VALUE, Store.ABSENT));
      server.run();
      assertArrayEquals(VALUE, onceItIsBack(store).value());
    }
  }

  private static StoreEntry onceItIsBack(Store store) throws Exception {
    while (true) {
      try {
        return store.get("key").orElseThrow();
      } catch (StoreUnavailableException e) {
        // it tries to connect again by itself; the test's time limit is the bound
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aMemberThatIsAwayIsPassedOver() throws Exception {
    // port 1 of this host refuses connections
    EtcdOptions options =
        new EtcdOptions(
            List.of(URI.create("http://127.0.0.1:1"), URI.create(etcd().url())),
            "pass-over/",
            Optional.empty(),
            Optional.empty(),
            EtcdServer.timeout());
    try (EtcdStore store = EtcdStore.open(options)) {
      for (int i = 0; i < 10; i++) {
        assertTrue(store.put("key-" + i, VALUE, Store.ABSENT));
      }
    }
  }
}
