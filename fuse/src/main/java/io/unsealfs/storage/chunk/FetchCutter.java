package io.unsealfs.storage.chunk;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects adjacent absent chunks of an object into requests that stay within a segment. Used under
 * the store's lock.
 */
final class FetchCutter {
  private final StoredObject object;
  private final Priority priority;
  private final @Nullable ReadStream stream;
  private final Consumer<Chunk> whole;
  private final List<Chunk> run = new ArrayList<>();
  private final List<Fetch> fetches = new ArrayList<>(1);

  /**
   * Makes requests for chunks of {@code object}.
   *
   * @param stream the sequence they run ahead of, if they do
   * @param whole is told of each chunk that became whole
   */
  FetchCutter(
      StoredObject object, Priority priority, @Nullable ReadStream stream, Consumer<Chunk> whole) {
    this.object = object;
    this.priority = priority;
    this.stream = stream;
    this.whole = whole;
  }

  /** Puts a new chunk in its place, behind the one before if that is its neighbour. */
  Chunk add(int index) {
    Chunk chunk = new Chunk(object, index);
    object.add(chunk);
    run.add(chunk);
    if (index == ChunkGrid.lastOf(ChunkGrid.segmentOf(index), object.size())) {
      cut();
    }
    return chunk;
  }

  /** What comes next is no neighbour of what came so far. */
  void cut() {
    if (run.isEmpty()) {
      return;
    }
    Fetch fetch = new Fetch(run.toArray(new Chunk[0]), priority, stream, false, whole);
    for (Chunk chunk : run) {
      chunk.fetch = fetch;
    }
    run.clear();
    fetches.add(fetch);
    if (stream != null) {
      stream.requestsAhead++;
    }
  }

  /** The requests. */
  List<Fetch> finish() {
    cut();
    return fetches;
  }
}
