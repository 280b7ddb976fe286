package io.unsealfs.daemon;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** Looks up single objects of a store, and counts how often and how long. Thread-safe. */
final class HeadCalls {
  private final ObjectStore store;
  private final boolean sent;
  private final LongAdder answered = new LongAdder();
  private final LongAdder answeredNanos = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder failedNanos = new LongAdder();

  /**
   * Of one store.
   *
   * @param sent whether it is asked; what a manifest answers is no request
   */
  HeadCalls(ObjectStore store, boolean sent) {
    this.store = store;
    this.sent = sent;
  }

  /** As {@link ObjectStore#head}; that there is no such object is an answer. */
  ObjectVersion head(String key, Cancellation cancellation) throws IOException {
    long began = System.nanoTime();
    boolean told = false;
    try {
      ObjectVersion version = store.head(key, cancellation);
      told = true;
      return version;
    } catch (ObjectNotFoundException e) {
      told = true;
      throw e;
    } finally {
      if (sent) {
        (told ? answered : failed).increment();
        (told ? answeredNanos : failedNanos).add(System.nanoTime() - began);
      }
    }
  }

  MountStatus.Heads figures() {
    return new MountStatus.Heads(
        answered.sum() + failed.sum(), failed.sum(), answeredNanos.sum(), failedNanos.sum());
  }
}
