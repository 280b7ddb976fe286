package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every store owes its users. */
abstract class StoreContract {

  /** Another handle on the store that is empty at the beginning of a test, as a second process. */
  abstract Store another() throws Exception;

  private Store store() throws Exception {
    return another();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static StoreEntry get(Store store, String key) throws StoreException {
    return store.get(key).orElseThrow(() -> new AssertionError("no " + key));
  }

  @Test
  void whatWasPutIsThere() throws Exception {
    try (Store store = store()) {
      assertTrue(store.put("a/ü 1", bytes("value"), Store.ABSENT));
      StoreEntry entry = get(store, "a/ü 1");
      assertEquals("a/ü 1", entry.key());
      assertArrayEquals(bytes("value"), entry.value());
      assertNotEquals(Store.ABSENT, entry.revision());
    }
  }

  @Test
  void whatWasNotPutIsNotThere() throws Exception {
    try (Store store = store()) {
      assertTrue(store.get("nothing").isEmpty());
      assertEquals(List.of(), store.list("no"));
    }
  }

  @Test
  void whatIsThereIsNotPutAnew() throws Exception {
    try (Store store = store()) {
      assertTrue(store.put("key", bytes("one"), Store.ABSENT));
      assertFalse(store.put("key", bytes("two"), Store.ABSENT));
      assertArrayEquals(bytes("one"), get(store, "key").value());
    }
  }

  @Test
  void onlyTheRevisionThatWasReadIsReplaced() throws Exception {
    try (Store store = store()) {
      store.put("key", bytes("one"), Store.ABSENT);
      long first = get(store, "key").revision();
      assertTrue(store.put("key", bytes("two"), first));
      assertFalse(store.put("key", bytes("three"), first));
      assertArrayEquals(bytes("two"), get(store, "key").value());
      assertNotEquals(first, get(store, "key").revision());
    }
  }

  @Test
  void onlyTheRevisionThatWasReadIsDeleted() throws Exception {
    try (Store store = store()) {
      store.put("key", bytes("one"), Store.ABSENT);
      long first = get(store, "key").revision();
      store.put("key", bytes("two"), first);
      assertFalse(store.delete("key", first));
      assertTrue(store.delete("key", get(store, "key").revision()));
      assertTrue(store.get("key").isEmpty());
    }
  }

  @Test
  void aRevisionFromBeforeADeletionIsOfNoUse() throws Exception {
    try (Store store = store()) {
      store.put("key", bytes("one"), Store.ABSENT);
      long first = get(store, "key").revision();
      store.delete("key", first);
      store.put("key", bytes("one"), Store.ABSENT);
      assertFalse(store.put("key", bytes("two"), first));
    }
  }

  @Test
  void aListHasTheKeysOfAPrefixInOrder() throws Exception {
    try (Store store = store()) {
      List<String> expected = new ArrayList<>();
      for (int i = 30; i >= 10; i--) {
        store.put("list/" + i, bytes("value " + i), Store.ABSENT);
        expected.addFirst("list/" + i);
      }
      store.put("list", bytes("before"), Store.ABSENT);
      store.put("list0", bytes("behind"), Store.ABSENT);
      List<StoreEntry> listed = store.list("list/");
      assertEquals(expected, listed.stream().map(StoreEntry::key).toList());
      for (StoreEntry entry : listed) {
        assertArrayEquals(bytes("value " + entry.key().substring(5)), entry.value());
        assertEquals(get(store, entry.key()).revision(), entry.revision());
      }
    }
  }

  @Test
  void theLongestValueAndKeyAreTaken() throws Exception {
    byte[] value = new byte[Store.MAX_VALUE_BYTES];
    new Random(1).nextBytes(value);
    String key = "k".repeat(Store.MAX_KEY_BYTES);
    try (Store store = store()) {
      assertTrue(store.put(key, value, Store.ABSENT));
      assertArrayEquals(value, get(store, key).value());
      assertArrayEquals(value, store.list("kkk").getFirst().value());
    }
  }

  @Test
  void longerValuesAndKeysAreRefused() throws Exception {
    try (Store store = store()) {
      assertThrows(
          StoreException.class,
          () -> store.put("key", new byte[Store.MAX_VALUE_BYTES + 1], Store.ABSENT));
      String key = "k".repeat(Store.MAX_KEY_BYTES + 1);
      assertThrows(StoreException.class, () -> store.put(key, bytes(""), Store.ABSENT));
      assertThrows(StoreException.class, () -> store.put("", bytes(""), Store.ABSENT));
      assertEquals(List.of(), store.list("k"));
    }
  }

  @Test
  void whatOneProcessPutsAnotherReads() throws Exception {
    try (Store store = store();
        Store other = another()) {
      store.put("key", bytes("one"), Store.ABSENT);
      StoreEntry seen = get(other, "key");
      assertArrayEquals(bytes("one"), seen.value());
      assertTrue(other.put("key", bytes("two"), seen.revision()));
      assertFalse(store.put("key", bytes("three"), seen.revision()));
      assertArrayEquals(bytes("two"), get(store, "key").value());
    }
  }

  @Test
  void ofManyThatCountNoneIsLost() throws Exception {
    int writers = 4;
    int each = 15;
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Callable<Integer>> counting = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        counting.add(() -> countUp(each));
      }
      for (Future<Integer> done : threads.invokeAll(counting)) {
        assertEquals(each, done.get());
      }
    }
    try (Store store = store()) {
      assertArrayEquals(bytes(Integer.toString(writers * each)), get(store, "count").value());
    }
  }

  private int countUp(int times) throws Exception {
    int done = 0;
    try (Store store = another()) {
      while (done < times) {
        var entry = store.get("count");
        int before = entry.map(e -> Integer.parseInt(new String(e.value(), UTF_8))).orElse(0);
        long revision = entry.map(StoreEntry::revision).orElse(Store.ABSENT);
        if (store.put("count", bytes(Integer.toString(before + 1)), revision)) {
          done++;
        }
      }
    }
    return done;
  }
}
