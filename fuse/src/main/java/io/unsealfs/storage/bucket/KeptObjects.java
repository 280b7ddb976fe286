package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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

  /** Requests at a time; the chunk store has its own, lower limit as long as it must. */
  private static final int THREADS = 32;

  private KeptObjects() {}

  /**
   * Fetches what {@code wanted} names, below {@code root}. What cannot be had is left to its first
   * use, where somebody is told why.
   *
   * @return objects kept, those that were already among them
   */
  static long fetch(BucketNode root, Predicate<Name> wanted, ChunkStore chunks) {
    List<BucketNode> found = new ArrayList<>();
    collect(root, wanted, found);
    AtomicLong kept = new AtomicLong(found.stream().filter(node -> node.kept() != null).count());
    found.removeIf(node -> node.kept() != null);
    if (found.isEmpty()) {
      return kept.get();
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.clamp(found.size(), 1, THREADS),
            Thread.ofPlatform().daemon().name("unsealfs-metadata-", 0).factory());
    try (threads) {
      for (BucketNode node : found) {
        threads.execute(() -> {
          if (keep(node, chunks)) {
            kept.incrementAndGet();
          }
        });
      }
    }
    return kept.get();
  }

  private static void collect(
      BucketNode directory, Predicate<Name> wanted, List<BucketNode> found) {
    for (BucketNode child : directory.children()) {
      ObjectVersion version = child.version();
      if (version == null) {
        collect(child, wanted, found);
      } else if (found.size() < OBJECTS_MOST
          && version.size() <= BYTES_MOST
          && !version.archived()
          && wanted.test(child.name())) {
        found.add(child);
      }
    }
  }

  private static boolean keep(BucketNode node, ChunkStore chunks) {
    ObjectVersion version = node.version();
    if (version == null) {
      return false;
    }
    try (Source source = chunks.openIndex(version)) {
      ByteBuffer content = ByteBuffer.allocate((int) version.size());
      source.read(0, content);
      node.keep(content.array());
      return true;
    } catch (IOException e) {
      // told to whoever asks for it
      return false;
    }
  }
}
