package io.unsealfs.daemon.bench;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast the largest file of an open volume can be read, without a mount between. What of its
 * ciphertext the kernel has in memory is left as it is.
 *
 * @param fileBytes size of the file
 * @param firstMebibytesPerSecond first pass from front to back, which ends early if time is up
 * @param mebibytesPerSecond second pass over the same bytes
 * @param randomPerSecond reads of 4 KiB at random places by one thread
 * @param randomPerSecondParallel the same by several threads together
 * @param threads how many those were
 */
public record ReadSpeed(
    long fileBytes,
    double firstMebibytesPerSecond,
    double mebibytesPerSecond,
    double randomPerSecond,
    double randomPerSecondParallel,
    int threads) {

  private static final int CHUNK = 1 << 20;
  private static final int SMALL = 4096;
  private static final int THREADS = 4;

  /** Entries looked at in the search for a large file: enough, and soon done. */
  private static final int MOST_ENTRIES = 20_000;

  /**
   * Measures.
   *
   * @param each how long each of the four figures takes at most
   * @return nothing if there is no file with content
   * @throws IOException if a file cannot be read
   */
  public static Optional<ReadSpeed> measure(FileTree tree, Duration each)
      throws IOException, InterruptedException {
    Optional<Node> largest = largestFile(tree);
    if (largest.isEmpty()) {
      return Optional.empty();
    }
    try (Source file = tree.open(largest.get())) {
      if (file.size() == 0) {
        return Optional.empty();
      }
      double first = sequential(file, each);
      double second = sequential(file, each);
      double one = random(file, each, 1);
      double several = random(file, each, THREADS);
      return Optional.of(new ReadSpeed(file.size(), first, second, one, several, THREADS));
    }
  }

  /** The largest regular file among the first entries that a walk meets. */
  static Optional<Node> largestFile(FileTree tree) throws IOException {
    Deque<Node> directories = new ArrayDeque<>(List.of(tree.root()));
    Optional<Node> largest = Optional.empty();
    int entries = 0;
    while (!directories.isEmpty() && entries < MOST_ENTRIES) {
      Node directory = directories.remove();
      for (DirectoryEntry entry : tree.list(directory)) {
        if (++entries > MOST_ENTRIES) {
          break;
        }
        if (entry.kind() == NodeKind.DIRECTORY) {
          directories.add(tree.lookup(directory, entry.name()));
        } else if (entry.kind() == NodeKind.FILE) {
          Node file = tree.lookup(directory, entry.name());
          if (largest.isEmpty() || file.attributes().size() > largest.get().attributes().size()) {
            largest = Optional.of(file);
          }
        }
      }
    }
    return largest.filter(file -> file.attributes().size() > 0);
  }

  private static double sequential(Source file, Duration most) throws IOException {
    byte[] plaintext = new byte[(int) Math.min(CHUNK, file.size())];
    long start = System.nanoTime();
    long offset = 0;
    try {
      while (offset < file.size() && (offset == 0 || System.nanoTime() - start < most.toNanos())) {
        offset += read(file, offset, plaintext);
      }
      return offset * 1e9 / (System.nanoTime() - start) / (1 << 20);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  private static double random(Source file, Duration most, int threads)
      throws IOException, InterruptedException {
    List<Callable<Long>> readers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int seed = i;
      readers.add(() -> randomReads(file, most, seed));
    }
    long start = System.nanoTime();
    long reads = 0;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (Future<Long> reader : executor.invokeAll(readers)) {
        reads += reader.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("a reader failed", e.getCause());
    }
    return reads * 1e9 / (System.nanoTime() - start);
  }

  private static long randomReads(Source file, Duration most, int seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] plaintext = new byte[SMALL];
    long places = Math.max(1, file.size() / SMALL);
    long start = System.nanoTime();
    long reads = 0;
    try {
      do {
        read(file, random.nextLong(places) * SMALL, plaintext);
        reads++;
      } while (System.nanoTime() - start < most.toNanos());
      return reads;
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  private static int read(Source file, long offset, byte[] plaintext) throws IOException {
    int length = file.read(offset, ByteBuffer.wrap(plaintext));
    if (length <= 0) {
      throw new IOException("the file ended at byte " + offset + " of " + file.size());
    }
    return length;
  }
}
