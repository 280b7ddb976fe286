package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/**
 * Reads of an invented object, front to back, through the very code that will read a bucket's: the
 * compiler learns from it before the first reader comes. Nothing is sent, and hardly a byte copied.
 */
public final class FetchRehearsal implements Closeable {
  /** Memory for its chunks. */
  private static final long BUDGET_BYTES = 4L << 20;

  /**
   * Distance of reads, and what each takes: little enough to cost nothing, enough for a sequence.
   */
  private static final int STEP_BYTES = 256 << 10;

  private static final int READ_BYTES = 64 << 10;

  private final ObjectVersion object;
  private final ChunkStore store;

  /**
   * A rehearsal that has read nothing yet.
   *
   * @param objects closed with it
   * @param object to be read
   */
  public FetchRehearsal(ObjectStore objects, ObjectVersion object) {
    this.object = object;
    store =
        new ChunkStore(
            objects, ChunkSettings.defaults(BUDGET_BYTES, BUDGET_BYTES).withBudget(BUDGET_BYTES));
  }

  /**
   * Reads it once.
   *
   * @param goOn asked before each read
   */
  public void readOnce(BooleanSupplier goOn) throws IOException {
    ByteBuffer ciphertext = ByteBuffer.allocate(READ_BYTES);
    try (Source source = store.open(object)) {
      for (long offset = 0; offset < object.size() && goOn.getAsBoolean(); offset += STEP_BYTES) {
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
}
