package io.unsealfs.keyserver;

import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreEntry;
import io.unsealfs.keyserver.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * How often each limited secret was released by all servers on one store: a compare-and-swap per
 * release. Where it is not known whether a count was written the request fails, so that at worst a
 * release is counted that did not happen.
 */
final class StoredReleaseCounts implements ReleaseCounter {
  private static final String PREFIX = "releases/";
  private static final int MAX_TRIES = 1000;

  private final Store store;

  StoredReleaseCounts(Store store) {
    this.store = store;
  }

  @Override
  public boolean take(String secret, int max) throws StoreException {
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      Optional<StoreEntry> entry = store.get(PREFIX + secret);
      int before = entry.isEmpty() ? 0 : count(entry.get());
      if (before >= max) {
        return false;
      }
      if (put(secret, before + 1, entry.map(StoreEntry::revision).orElse(Store.ABSENT))) {
        return true;
      }
    }
    throw new StoreException(
        "release count of %s: others change it all the time".formatted(secret));
  }

  /** Takes over what was counted in a file before there was a store; what the store has stays. */
  void adopt(Map<String, Integer> counts) throws StoreException {
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      put(count.getKey(), count.getValue(), Store.ABSENT);
    }
  }

  private boolean put(String secret, int count, long revision) throws StoreException {
    return store.put(
        PREFIX + secret, Integer.toString(count).getBytes(StandardCharsets.US_ASCII), revision);
  }

  private int count(StoreEntry entry) throws StoreException {
    String text = new String(entry.value(), StandardCharsets.US_ASCII);
    if (!text.matches("[0-9]{1,9}")) {
      throw new StoreException(
          "release count %s in store %s: is no number; correct it"
              .formatted(entry.key(), store.place()));
    }
    return Integer.parseInt(text);
  }
}
