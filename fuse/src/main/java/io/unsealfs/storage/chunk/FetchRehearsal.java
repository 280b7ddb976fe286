package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreLocation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Reads of an invented object, front to back, through the very code that will read a bucket's: the
 * compiler learns from it before the first reader comes. Nothing is sent, and hardly a byte copied.
 */
public final class FetchRehearsal implements Closeable {
  /** Reading so much once has most of the code compiled. */
  private static final long OBJECT_BYTES = 512L << 20;

  /** Memory for its chunks. */
  private static final long BUDGET_BYTES = 4L << 20;

  /** What a socket gives at a time. */
  private static final int PIECE_BYTES = 128 << 10;

  /**
   * Distance of reads, and what each takes: little enough to cost nothing, enough for a sequence.
   */
  private static final int STEP_BYTES = 256 << 10;

  private static final int READ_BYTES = 64 << 10;

  private final ChunkStore store =
      new ChunkStore(
          new Invented(),
          ChunkSettings.defaults(BUDGET_BYTES, BUDGET_BYTES).withBudget(BUDGET_BYTES));

  /**
   * Reads it once.
   *
   * @param goOn asked before each read
   */
  public void readOnce(BooleanSupplier goOn) throws IOException {
    ByteBuffer ciphertext = ByteBuffer.allocate(READ_BYTES);
    try (Source source = store.open(ObjectVersion.anyOf("invented", OBJECT_BYTES))) {
      for (long offset = 0; offset < OBJECT_BYTES && goOn.getAsBoolean(); offset += STEP_BYTES) {
        int _ = source.read(offset, ciphertext.clear());
      }
    }
  }

  /** What was read so far. */
  ChunkFigures figures() {
    return store.figures();
  }

  @Override
  public void close() {
    store.close();
  }

  /** Answers every range at once, with whatever is in the memory that it was given. */
  private static final class Invented implements ObjectStore {
    @Override
    public StoreLocation location() {
      return new StoreLocation("none", "", "");
    }

    @Override
    public Fetched get(
        ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
        throws IOException {
      long began = System.nanoTime();
      for (long done = 0; done < length && !cancellation.isCancelled(); ) {
        ByteBuffer room = sink.room();
        int count = (int) Math.min(Math.min(PIECE_BYTES, room.remaining()), length - done);
        room.position(room.position() + count);
        sink.arrived(count);
        done += count;
      }
      long took = System.nanoTime() - began;
      return new Fetched(took, took, 0);
    }

    @Override
    public ObjectPage list(
        String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
        throws IOException {
      throw new ObjectNotFoundException("nothing is listed of what was invented");
    }

    @Override
    public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
      throw new ObjectNotFoundException("nothing is asked of what was invented");
    }

    @Override
    public void close() {}
  }
}
