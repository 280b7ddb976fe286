package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * The small objects that a format needs before it can name or open anything else: fetched together
 * at the start and kept. One by one, on first use, each would cost a round trip.
 */
final class KeptObjects {
  /** Objects fetched at the start; more are fetched on first use. */
  private static final int OBJECTS_MOST = 10_000;

  /** Larger ones are not of that kind, whatever their name. */
  private static final long BYTES_MOST = 64 << 10;

  /** Bytes of all of them; what they are for is smaller by far. */
  private static final long BYTES_MOST_OF_ALL = 32 << 20;

  /** Failures in a row after which the store is taken to be away: each may last a minute. */
  private static final int FAILURES_MOST = 4;

  /** Requests at a time; the chunk store has its own, lower limit as long as it must. */
  private static final int THREADS = 32;

  private final ChunkStore chunks;
  private final Cancellation cancellation;
  private final List<BucketNode> found = new ArrayList<>();
  private long objectsTaken;
  private long bytesTaken;
  private final AtomicLong kept = new AtomicLong();
  private final AtomicInteger failuresInARow = new AtomicInteger();

  /** Whether one of an archive class could not be had: the others will not have been restored. */
  private volatile boolean archivedRefused;

  private KeptObjects(ChunkStore chunks, Cancellation cancellation) {
    this.chunks = chunks;
    this.cancellation = cancellation;
  }

  /**
   * Fetches what {@code wanted} names, below {@code root}. What cannot be had is left to its first
   * use, where somebody is told why; so is everything once the store seems to be away, or nobody
   * waits any more.
   *
   * @return objects kept, those that were already among them
   */
  static long fetch(
      BucketNode root, Predicate<Name> wanted, ChunkStore chunks, Cancellation cancellation) {
    KeptObjects objects = new KeptObjects(chunks, cancellation);
    objects.countKept(root);
    objects.collect(root, wanted);
    objects.fetchAll();
    return objects.kept.get();
  }

  private void fetchAll() {
    if (found.isEmpty()) {
      return;
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.clamp(found.size(), 1, THREADS),
            Thread.ofPlatform().daemon().name("unsealfs-metadata-", 0).factory());
    // the watch is closed last: the threads are waited for when they are closed
    try (Cancellation.Watch _ = cancellation.onCancel(threads::shutdownNow);
        threads) {
      for (BucketNode node : found) {
        threads.execute(() -> keep(node));
      }
    } catch (RejectedExecutionException e) {
      // cancelled meanwhile: nobody waits for the rest
    }
  }

  /** What an earlier listing brought goes first, or each one could add to it. */
  private void countKept(BucketNode directory) {
    for (BucketNode child : directory.children()) {
      byte[] content = child.kept();
      if (content != null) {
        kept.incrementAndGet();
        objectsTaken++;
        bytesTaken += content.length;
      }
      countKept(child);
    }
  }

  private void collect(BucketNode directory, Predicate<Name> wanted) {
    for (BucketNode child : directory.children()) {
      ObjectVersion version = child.version();
      if (version == null) {
        collect(child, wanted);
      } else if (child.kept() == null
          && objectsTaken < OBJECTS_MOST
          && version.size() <= Math.min(BYTES_MOST, BYTES_MOST_OF_ALL - bytesTaken)
          && wanted.test(child.name())) {
        found.add(child);
        objectsTaken++;
        bytesTaken += version.size();
      }
    }
  }

  private void keep(BucketNode node) {
    ObjectVersion version = node.version();
    if (version == null || failuresInARow.get() >= FAILURES_MOST) {
      return;
    }
    if (version.archived() && archivedRefused) {
      return;
    }
    try (Source source = chunks.openIndex(version)) {
      ByteBuffer content = ByteBuffer.allocate((int) version.size());
      source.read(0, content);
      node.keep(content.array());
      kept.incrementAndGet();
      failuresInARow.set(0);
    } catch (IOException e) {
      // told to whoever asks for it
      if (version.archived()) {
        archivedRefused = true;
      } else {
        failuresInARow.incrementAndGet();
      }
    }
  }
}
