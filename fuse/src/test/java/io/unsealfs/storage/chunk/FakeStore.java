package io.unsealfs.storage.chunk;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectChangedException;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreLocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A store in memory that counts what it is asked and fails when it is told to. */
public final class FakeStore implements ObjectStore {
  private static final int PIECE_BYTES = 16 << 10;

  /** One ranged read. */
  public record Request(int number, String key, long offset, long length) {}

  /** What goes wrong in one ranged read. */
  public interface Fault {
    /**
     * Before the next piece of the answer.
     *
     * @param served bytes handed over so far
     */
    void beforePiece(Request request, long served, Cancellation cancellation) throws IOException;
  }

  /** What goes wrong in one page of a listing. */
  public interface ListFault {
    /**
     * Before it is answered.
     *
     * @param page how many were asked for so far
     */
    void before(int page, String prefix, ListDepth depth, Cancellation cancellation)
        throws IOException;
  }

  /** One version of an object. */
  private static final class Stored {
    private final byte[] bytes;
    private final String etag;

    Stored(byte[] bytes, String etag) {
      this.bytes = bytes;
      this.etag = etag;
    }

    byte[] bytes() {
      return bytes;
    }

    String etag() {
      return etag;
    }
  }

  private final ConcurrentSkipListMap<String, Stored> objects = new ConcurrentSkipListMap<>();
  private final AtomicInteger versions = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();

  /** Every ranged read, in the order in which they came. */
  public final List<Request> requests = new CopyOnWriteArrayList<>();

  /** Bytes handed over. */
  public final AtomicLong bytesServed = new AtomicLong();

  /** Most ranged reads at a time. */
  public final AtomicInteger mostAtATime = new AtomicInteger();

  /** Pages asked for. */
  public final AtomicInteger pages = new AtomicInteger();

  /** Most pages asked for at a time. */
  public final AtomicInteger mostListsAtATime = new AtomicInteger();

  private final AtomicInteger listing = new AtomicInteger();
  private volatile ListFault listFault = (page, prefix, depth, cancellation) -> {};
  private volatile Fault fault = (request, served, cancellation) -> {};

  /** Random bytes that are the same for the same seed. */
  public static byte[] bytes(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Puts an object, or another one in its place. */
  public ObjectVersion put(String key, byte[] bytes) {
    objects.put(key, new Stored(bytes, "v" + versions.incrementAndGet()));
    return version(key);
  }

  public void remove(String key) {
    objects.remove(key);
  }

  /** The present version of an object. */
  public ObjectVersion version(String key) {
    Stored stored = objects.get(key);
    if (stored == null) {
      throw new IllegalArgumentException(key);
    }
    return new ObjectVersion(key, stored.bytes().length, Optional.of(stored.etag()), 1000, false);
  }

  /** From now on. */
  public void fails(Fault newFault) {
    fault = newFault;
  }

  /** From now on. */
  public void failsLists(ListFault newFault) {
    listFault = newFault;
  }

  /** Waits for {@code latch}, or until the read is cancelled. */
  public static void await(CountDownLatch latch, Cancellation cancellation) throws IOException {
    CountDownLatch either = new CountDownLatch(1);
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                latch.await();
              } catch (InterruptedException e) {
                return;
              }
              either.countDown();
            });
    try (Cancellation.Watch _ = cancellation.onCancel(either::countDown)) {
      either.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      waiter.interrupt();
    }
    if (cancellation.isCancelled()) {
      throw new CancelledReadException("cancelled");
    }
  }

  @Override
  public StoreLocation location() {
    return new StoreLocation("s3", "http://127.0.0.1:1", "models");
  }

  @Override
  public ObjectPage list(
      String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
      throws IOException {
    int now = listing.incrementAndGet();
    mostListsAtATime.accumulateAndGet(now, Math::max);
    try {
      listFault.before(pages.incrementAndGet(), prefix, depth, cancellation);
      return page(prefix, depth, continuation.orElse(""));
    } finally {
      listing.decrementAndGet();
    }
  }

  private ObjectPage page(String prefix, ListDepth depth, String after) {
    List<ObjectVersion> found = new ArrayList<>();
    TreeSet<String> below = new TreeSet<>();
    String last = after;
    // from the one before: a page of one level may have ended behind a whole directory
    for (String key : objects.tailMap(prefix, true).keySet()) {
      if (!key.startsWith(prefix)) {
        break;
      }
      int slash = depth == ListDepth.ONE_LEVEL ? key.indexOf('/', prefix.length()) : -1;
      String entry = slash < 0 ? key : key.substring(0, slash + 1);
      if (entry.compareTo(after) <= 0 || below.contains(entry)) {
        continue;
      }
      if (found.size() + below.size() == PAGE_OBJECTS_MAX) {
        return new ObjectPage(found, List.copyOf(below), 0, Optional.of(last));
      }
      last = entry;
      if (slash < 0) {
        found.add(version(key));
      } else {
        below.add(entry);
      }
    }
    return new ObjectPage(found, List.copyOf(below), 0, Optional.empty());
  }

  @Override
  public ObjectVersion head(String key, Cancellation cancellation) {
    return version(key);
  }

  @Override
  public Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException {
    Request request;
    synchronized (requests) {
      request = new Request(requests.size() + 1, version.key(), offset, length);
      requests.add(request);
    }
    int now = running.incrementAndGet();
    mostAtATime.accumulateAndGet(now, Math::max);
    try {
      long start = System.nanoTime();
      serve(request, version, sink, cancellation);
      return new Fetched(1, System.nanoTime() - start, 0);
    } finally {
      running.decrementAndGet();
    }
  }

  private void serve(
      Request request, ObjectVersion version, RangeSink sink, Cancellation cancellation)
      throws IOException {
    @Nullable Stored stored = null;
    for (long served = 0; served < request.length(); ) {
      if (cancellation.isCancelled()) {
        throw new CancelledReadException("cancelled");
      }
      fault.beforePiece(request, served, cancellation);
      stored = stored == null ? objects.get(version.key()) : stored;
      if (stored == null) {
        throw new ObjectNotFoundException(version.key() + ": 404");
      }
      if (version.isPinned() && !version.etag().equals(Optional.of(stored.etag()))) {
        throw new ObjectChangedException(version.key() + ": 412");
      }
      ByteBuffer room = sink.room();
      int count =
          (int) Math.min(Math.min(PIECE_BYTES, room.remaining()), request.length() - served);
      room.put(stored.bytes(), (int) (request.offset() + served), count);
      // counted before it is shown: a reader whom the last piece wakes may ask for the count
      bytesServed.addAndGet(count);
      sink.arrived(count);
      served += count;
    }
  }

  @Override
  public void close() {}
}
