package io.unsealfs.storage.object;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A listing, cut into parts that are listed at the same time where it is long. The first failure
 * ends all of it.
 */
final class ListingParts {
  /** Pages after which a listing is long. */
  private static final int PAGES_AT_FIRST = 10;

  /** Requests at a time. */
  private static final int THREADS = 16;

  private final ObjectStore store;
  private final ListingBounds bounds;
  private final ListingAsker asker;
  private final Cancellation stop = new Cancellation();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  private @Nullable ExecutorService threads; // guarded by this

  /**
   * A part whose objects are known, and those within it that others list.
   *
   * @param unreadable keys that were no text
   * @param sequence of all that is in it, in the order of the keys
   */
  record Part(int unreadable, Deque<Piece> sequence) {}

  /** Objects of a part, or a part within it. */
  sealed interface Piece {
    /** Some objects. */
    record Objects(List<ObjectVersion> versions) implements Piece {}

    /** What somebody lists. */
    record Below(Future<Part> part) implements Piece {}
  }

  /** Takes what was found, in order. */
  interface Taker {
    /** Keys that were no text. */
    void unreadable(int keys);

    /** One object. */
    void object(ObjectVersion version) throws IOException;
  }

  ListingParts(ObjectStore store, ListingBounds bounds, ListingAsker asker) {
    this.store = store;
    this.bounds = bounds;
    this.asker = asker;
  }

  /** Lists all that is below {@code prefix} and tells it in this thread. */
  void run(String prefix, Cancellation cancellation, Taker taker) throws IOException {
    try (Cancellation.Watch _ = cancellation.onCancel(stop::cancel)) {
      tell(list(prefix), taker);
    } catch (CancelledReadException e) {
      // the others were stopped because one failed
      IOException why = failure.get();
      throw why == null ? e : why;
    } finally {
      stop.cancel();
      close();
    }
  }

  private void tell(Part part, Taker taker) throws IOException {
    taker.unreadable(part.unreadable());
    // what was told is let go of, since a long listing is told while others still list
    for (Piece piece = part.sequence().poll(); piece != null; piece = part.sequence().poll()) {
      switch (piece) {
        case Piece.Objects objects -> {
          for (ObjectVersion version : objects.versions()) {
            taker.object(version);
          }
        }
        case Piece.Below below -> tell(await(below.part()), taker);
      }
    }
  }

  private Part await(Future<Part> part) throws IOException {
    try {
      return part.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("listing " + bounds.what() + " was interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("listing " + bounds.what(), e.getCause());
    }
  }

  private Part list(String prefix) throws IOException {
    PageWalk walk = walk(prefix, ListDepth.ALL);
    List<ObjectVersion> objects = new ArrayList<>();
    int unreadable = 0;
    long text = 0;
    int pages = 0;
    while (walk.hasNext()) {
      if (pages == PAGES_AT_FIRST && unreadable == 0) {
        Optional<Part> parts = split(prefix, objects, text);
        if (parts.isPresent()) {
          return parts.get();
        }
      }
      ObjectPage page = walk.next();
      pages++;
      long textOfPage = page.objects().stream().mapToLong(ListingBounds::textOf).sum();
      bounds.hold(page.objects().size() + (long) page.unreadableKeys(), textOfPage);
      objects.addAll(page.objects());
      unreadable += page.unreadableKeys();
      text += textOfPage;
    }
    return new Part(unreadable, pieces(new Piece.Objects(objects)));
  }

  private PageWalk walk(String prefix, ListDepth depth) {
    return new PageWalk(store, prefix, depth, bounds, asker, stop);
  }

  private static Deque<Piece> pieces(Piece... pieces) {
    return new ArrayDeque<>(List.of(pieces));
  }

  private Optional<Part> split(String prefix, List<ObjectVersion> seen, long text)
      throws IOException {
    Optional<SortedMap<String, Optional<ObjectVersion>>> cut =
        ListingSplit.of(below -> walk(below, ListDepth.ONE_LEVEL), prefix, seen);
    if (cut.isEmpty() || !bounds.admitParts(cut.get().size())) {
      return Optional.empty();
    }
    // the parts list it once more
    bounds.release(seen.size(), text);
    seen.clear();
    Deque<Piece> sequence = pieces();
    List<ObjectVersion> between = new ArrayList<>();
    for (Map.Entry<String, Optional<ObjectVersion>> part : cut.get().entrySet()) {
      if (part.getValue().isPresent()) {
        between.add(part.getValue().get());
        bounds.hold(1, ListingBounds.textOf(part.getValue().get()));
      } else {
        sequence.add(new Piece.Objects(List.copyOf(between)));
        between.clear();
        sequence.add(new Piece.Below(submit(part.getKey())));
      }
    }
    sequence.add(new Piece.Objects(between));
    return Optional.of(new Part(0, sequence));
  }

  private synchronized Future<Part> submit(String prefix) throws CancelledReadException {
    if (stop.isCancelled()) {
      throw new CancelledReadException("listing " + bounds.what() + " was cancelled");
    }
    ExecutorService running = threads;
    if (running == null) {
      running =
          Executors.newFixedThreadPool(
              THREADS, Thread.ofPlatform().daemon().name("unsealfs-listing-", 0).factory());
      threads = running;
    }
    return running.submit(() -> listOrStop(prefix));
  }

  private Part listOrStop(String prefix) throws IOException {
    try {
      return list(prefix);
    } catch (IOException e) {
      failure.compareAndSet(null, e);
      stop.cancel();
      throw e;
    }
  }

  /** Ends what is still running; it fails, and nobody hears of it. */
  private synchronized void close() {
    if (threads != null) {
      threads.shutdownNow();
    }
  }
}
