package io.unsealfs.block;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Brings files into the cache in the background before anybody reads them, in the order of their
 * names, until all are there or the budget is used up. It takes room that the cache has free when
 * it starts and never drops what readers brought. An extent waits until a reader takes it whole;
 * then it is dropped, since the kernel has it.
 *
 * <p>Thread-safe. {@link #close} stops it and waits until it no longer touches the tree; to be
 * called before the tree or the cache is closed. What has been loaded stays for its readers.
 */
public final class Preload implements AutoCloseable {

  /** Why a preload ended. */
  public enum End {
    /** Every chosen file is in the cache, but for those that could not be read. */
    COMPLETE,
    /** The budget, or the cache's free room, was used up first. */
    FULL,
    /** It was closed first. */
    STOPPED,
    /** The tree could not be walked, or something unexpected came up. */
    FAILED
  }

  /**
   * How far a preload is, or came.
   *
   * @param files files brought as a whole
   * @param failedFiles files of which a part could not be read; their reader gets the error
   * @param plaintextBytes bytes brought
   */
  public record Progress(long files, long failedFiles, long plaintextBytes) {}

  /** Is told how a preload goes, in its thread; must not throw. */
  public interface Listener {
    /** After each file. */
    void loaded(Progress progress);

    /**
     * Once, at the end.
     *
     * @param failure why, if it is {@link End#FAILED}
     */
    void finished(Progress progress, End end, @Nullable Throwable failure);
  }

  private final @Nullable BlockCache cache; // null to bring ciphertext to the disk
  private final FileTree tree;
  private final Predicate<String> wanted;
  private final Listener listener;
  private final long budget;
  private final Thread thread;
  private volatile boolean stopped;
  private long files;
  private long failedFiles;
  private long bytes;
  private boolean full;

  private Preload(
      @Nullable BlockCache cache,
      FileTree tree,
      Predicate<String> wanted,
      long budgetBytes,
      Listener listener) {
    this.cache = cache;
    this.tree = tree;
    this.wanted = wanted;
    this.budget = budgetBytes;
    this.listener = listener;
    this.thread = Thread.ofPlatform().daemon().name("unsealfs-preload").unstarted(this::run);
  }

  /**
   * Starts one in a thread of its own.
   *
   * @param cache the cache behind the files of {@code tree}
   * @param wanted chooses regular files by their path from the root, without a leading slash, names
   *     as {@link io.unsealfs.storage.Name#toString} shows them
   * @param budgetBytes plaintext bytes to bring at most; no more than the cache has free
   */
  public static Preload start(
      BlockCache cache,
      FileTree tree,
      Predicate<String> wanted,
      long budgetBytes,
      Listener listener) {
    return begin(new Preload(cache, tree, wanted, budgetBytes, listener));
  }

  /**
   * Starts one that decrypts nothing: it brings ciphertext from far away to this machine's disk,
   * where the storage has a cache there. Its bytes are those of the storage.
   *
   * @param budgetBytes bytes to bring at most
   */
  public static Preload toDisk(
      FileTree tree, Predicate<String> wanted, long budgetBytes, Listener listener) {
    return begin(new Preload(null, tree, wanted, budgetBytes, listener));
  }

  private static Preload begin(Preload preload) {
    if (preload.budget < 0) {
      throw new IllegalArgumentException("negative preload budget");
    }
    preload.thread.start();
    return preload;
  }

  /** Waits until it has ended by itself. */
  public void await() throws InterruptedException {
    thread.join();
  }

  /** Stops, and waits until the tree is left alone; at most for the piece being loaded. */
  @Override
  public void close() {
    stopped = true;
    boolean interrupted = false;
    while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Progress progress() {
    return new Progress(files, failedFiles, bytes);
  }

  private void run() {
    End end = End.FAILED;
    Throwable failure = null;
    try {
      if (cache != null) {
        boolean _ = cache.reserve(budget) > 0;
      }
      walk();
      end = stopped ? End.STOPPED : full ? End.FULL : End.COMPLETE;
    } catch (Throwable e) {
      // The thread's only way to say so; whoever mounted goes on without a preload.
      failure = e;
    } finally {
      if (cache != null) {
        cache.unreserve();
      }
      listener.finished(progress(), end, failure);
    }
  }

  private record Place(Node directory, String prefix) {}

  private void walk() throws IOException {
    Deque<Place> pending = new ArrayDeque<>();
    pending.push(new Place(tree.root(), ""));
    while (!pending.isEmpty() && goesOn()) {
      Place place = pending.pop();
      Deque<Place> below = new ArrayDeque<>();
      for (DirectoryEntry entry : sorted(place.directory())) {
        String path = place.prefix() + entry.name();
        if (!goesOn()) {
          break;
        }
        if (entry.kind() == NodeKind.DIRECTORY) {
          below.push(new Place(tree.lookup(place.directory(), entry.name()), path + "/"));
        } else if (entry.kind() == NodeKind.FILE && wanted.test(path)) {
          load(place.directory(), entry);
        }
      }
      // the last one pushed comes first again: the order of names
      below.forEach(pending::push);
    }
  }

  private List<DirectoryEntry> sorted(Node directory) throws IOException {
    return tree.list(directory).stream()
        .sorted(Comparator.comparing(DirectoryEntry::name))
        .toList();
  }

  private boolean goesOn() {
    return !stopped && !full;
  }

  private void load(Node directory, DirectoryEntry entry) {
    try (Source source = tree.open(tree.lookup(directory, entry.name()))) {
      LongPredicate goOn =
          loaded -> {
            bytes += loaded;
            return !stopped && (cache != null || bytes < budget);
          };
      boolean whole = cache != null ? source.preload(goOn) : source.warm(0, source.size(), goOn);
      if (whole) {
        files++;
      } else if (!stopped) {
        full = true;
      }
    } catch (IOException e) {
      // Its reader meets the same failure, and reports it.
      failedFiles++;
    }
    listener.loaded(progress());
  }
}
