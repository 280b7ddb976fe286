package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.keyserver.Nonces.Use;
import io.unsealfs.keyserver.store.EtcdServer;
import io.unsealfs.keyserver.store.EtcdStore;
import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreEntry;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.keyserver.store.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Nonces that servers share, over a real etcd. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlotNoncesTest {
  private static final Duration LIFE = Duration.ofMinutes(10);

  @TempDir static Path scratch;
  private final IdentityKey identity = identity();
  private final AtomicLong nanos = new AtomicLong(-5);
  private final AtomicInteger tests = new AtomicInteger();
  private @Nullable EtcdServer etcd;
  private @Nullable EtcdStore open;

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
  void openStore() throws StoreException {
    open = EtcdStore.open(etcd().options("nonces-" + tests.incrementAndGet() + "/"));
  }

  @AfterEach
  void closeStore() {
    store().close();
  }

  private EtcdServer etcd() {
    if (etcd == null) {
      throw new AssertionError("no etcd");
    }
    return etcd;
  }

  private EtcdStore store() {
    if (open == null) {
      throw new AssertionError("no store");
    }
    return open;
  }

  private static IdentityKey identity() {
    try {
      return IdentityKey.fromPem(IdentityKey.generatePem());
    } catch (WireException e) {
      throw new AssertionError(e);
    }
  }

  /** A server of the group. */
  private SlotNonces server() {
    return new SlotNonces(store(), LIFE, identity, nanos::get);
  }

  @Test
  void aNonceOfOneServerIsGoodOnceAtAnotherAndNowhereTwice() throws Exception {
    SlotNonces a = server();
    SlotNonces b = server();
    SlotNonces c = server();
    byte[] nonce = a.issue();
    assertEquals(Use.FRESH, b.use(nonce));
    assertEquals(Use.INVALID, a.use(nonce));
    assertEquals(Use.INVALID, b.use(nonce));
    assertEquals(Use.INVALID, c.use(nonce));
    assertEquals(Use.FRESH, a.use(b.issue()));
  }

  @Test
  void aNonceOutlivesTheServerThatIssuedIt() throws Exception {
    byte[] nonce = server().issue();
    assertEquals(Use.FRESH, server().use(nonce));
  }

  @Test
  void aMillionChallengesWithoutAnAnswerLeaveNothingBehind() throws Exception {
    SlotNonces server = server();
    for (int i = 0; i < 1_000_000; i++) {
      server.issue();
    }
    assertEquals(1, store().list("").size(), "the slot is all there is");
  }

  @Test
  void noncesDiffer() throws Exception {
    SlotNonces server = server();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      assertTrue(seen.add(java.util.HexFormat.of().formatHex(server.issue())));
    }
  }

  @Test
  void everyChangedByteMakesANonceInvalid() throws Exception {
    SlotNonces server = server();
    byte[] nonce = server.issue();
    for (int i = 0; i < nonce.length; i++) {
      byte[] bad = nonce.clone();
      bad[i] ^= 1;
      assertEquals(Use.INVALID, server.use(bad));
    }
    assertEquals(Use.INVALID, server.use(new byte[0]));
    assertEquals(Use.INVALID, server.use(new byte[Nonces.NONCE_SIZE + 1]));
    assertEquals(Use.FRESH, server.use(nonce));
  }

  @Test
  void serversOfAnotherIdentityDoNotTakeItUntilTheyFollow() throws Exception {
    IdentityKey next = identity();
    SlotNonces stranger = new SlotNonces(store(), LIFE, next, nanos::get);
    SlotNonces server = server();
    assertEquals(Use.INVALID, stranger.use(server.issue()));
    server.follow(next);
    assertEquals(Use.FRESH, stranger.use(server.issue()));
  }

  @Test
  void aServerOpensASlotFourTimesPerLife() throws Exception {
    SlotNonces server = server();
    byte[] early = server.issue();
    nanos.addAndGet(LIFE.dividedBy(4).toNanos() - 1);
    server.issue();
    assertEquals(1, store().list("slots/").size());
    nanos.incrementAndGet();
    server.issue();
    assertEquals(2, store().list("slots/").size());
    assertEquals(Use.FRESH, server.use(early));
  }

  @Test
  void aNonceDiesWithItsSlotAndStaysDead() throws Exception {
    SlotNonces server = new SlotNonces(store(), Duration.ofSeconds(8), identity, nanos::get);
    byte[] nonce = server.issue();
    assertEquals(Use.FRESH, server.use(nonce));
    // etcd has the say in when it ends; the test's time limit is the bound
    while (!store().list("").isEmpty()) {
      Thread.sleep(50);
    }
    assertEquals(Use.INVALID, server.use(nonce));
    assertEquals(0, store().list("").size());
  }

  @Test
  void afterTheStoreWasEmptiedTheNextNonceIsGood() throws Exception {
    SlotNonces server = server();
    byte[] lost = server.issue();
    StoreEntry slot = store().list("slots/").getFirst();
    assertTrue(store().delete(slot.key(), slot.revision()));
    assertEquals(Use.INVALID, server.use(lost));
    assertEquals(Use.FRESH, server.use(server.issue()));
  }

  @Test
  void withoutEtcdNoNonceIsSpentAndNoneIsLost(@TempDir Path own) throws Exception {
    try (EtcdServer away = EtcdServer.start(own);
        EtcdStore one = EtcdStore.open(away.options("n/"))) {
      SlotNonces server = new SlotNonces(one, LIFE, identity, nanos::get);
      byte[] nonce = server.issue();
      away.kill();
      assertThrows(StoreUnavailableException.class, () -> server.use(nonce));
      // known from the slot that is open
      server.issue();
      away.run();
      awaitBack(one);
      assertEquals(Use.FRESH, server.use(nonce));
      assertEquals(Use.INVALID, server.use(nonce));
    }
  }

  private static void awaitBack(Store store) throws Exception {
    while (true) {
      try {
        store.get("any");
        return;
      } catch (StoreUnavailableException e) {
        Thread.onSpinWait();
      }
    }
  }
}
