package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.object.ObjectVersion;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The versions of objects that something has to be remembered of: who has them open, what chunks
 * there are, that they failed a moment ago or are stale. Guarded by the store's lock.
 */
final class KnownObjects {
  private final ChunkSettings settings;
  private final LongSupplier budgetBytes;
  private final ChunkCounters counters;
  private final Map<ObjectVersion, StoredObject> objects = new HashMap<>();

  /** Those that nobody has open and that only failures answer for, a moment long; oldest first. */
  private final LinkedHashSet<StoredObject> failing = new LinkedHashSet<>();

  /**
   * None.
   *
   * @param budgetBytes what chunks may take in memory now
   */
  KnownObjects(ChunkSettings settings, LongSupplier budgetBytes, ChunkCounters counters) {
    this.settings = settings;
    this.budgetBytes = budgetBytes;
    this.counters = counters;
  }

  Collection<StoredObject> all() {
    return objects.values();
  }

  int size() {
    return objects.size();
  }

  /** One more user of {@code version}. */
  StoredObject open(ObjectVersion version) throws StaleSourceException {
    forgetFailures();
    StoredObject object =
        objects.computeIfAbsent(
            version,
            v -> new StoredObject(v, new ReadPattern(v.size(), settings, budgetBytes, counters)));
    StaleSourceException stale = object.stale();
    if (stale != null) {
      throw stale;
    }
    object.opens++;
    return object;
  }

  /** One user less; true if that was the last. */
  boolean close(StoredObject object) {
    object.opens--;
    forgetIfUnused(object);
    return object.opens == 0;
  }

  /**
   * What was found stale and is not, is asked for again; what is not listed is forgotten once
   * nobody has it open.
   *
   * @param drop drops a chunk that nobody uses
   */
  void admit(Predicate<ObjectVersion> current, Consumer<Chunk> drop) {
    for (StoredObject object : List.copyOf(objects.values())) {
      if (!object.isStale()) {
        continue;
      }
      boolean listed = current.test(object.version());
      if (listed) {
        object.markCurrent();
      } else {
        object.markUnlisted();
      }
      for (Chunk chunk : object.chunks()) {
        if (chunk.state() == Chunk.State.FAILED) {
          // a refusal answers for a moment, and this one is no longer so
          object.remove(chunk);
        } else if (!listed && object.opens == 0 && chunk.interest == 0) {
          drop.accept(chunk);
        }
      }
      forgetIfUnused(object);
    }
  }

  /** Forgets what nobody has open and nothing is known of but failures that are too old. */
  void forgetIfUnused(StoredObject object) {
    boolean unused = object.opens == 0 && object.isForgettable();
    boolean answers = false;
    for (Chunk chunk : unused ? object.chunks() : List.<Chunk>of()) {
      unused &= chunk.state() == Chunk.State.FAILED;
      answers |= isAnswering(chunk);
      if (!unused) {
        break;
      }
    }
    if (unused && answers) {
      failing.add(object);
      return;
    }
    failing.remove(object);
    if (unused) {
      objects.remove(object.version(), object);
    }
  }

  private void forgetFailures() {
    while (!failing.isEmpty()) {
      StoredObject oldest = failing.getFirst();
      forgetIfUnused(oldest);
      if (failing.contains(oldest)) {
        return;
      }
    }
  }

  /** Whether its failure still answers for those who ask. */
  boolean isAnswering(Chunk chunk) {
    long keptNanos = settings.retries().failureKept().toNanos();
    return chunk.failureWithin(keptNanos, System.nanoTime()) != null;
  }
}
