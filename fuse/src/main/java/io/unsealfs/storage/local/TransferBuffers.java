package io.unsealfs.storage.local;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Direct buffers between the kernel and heap arrays. A shared pool: threads come and go, so a
 * buffer per thread would be made again and again. Never makes a caller wait; what is more than the
 * pool keeps is left to the collector.
 */
final class TransferBuffers {
  static final int BUFFER_BYTES = 256 * 1024;

  private final BlockingQueue<ByteBuffer> idle =
      new ArrayBlockingQueue<>(2 * Runtime.getRuntime().availableProcessors() + 2);

  /** An empty buffer of {@link #BUFFER_BYTES}. */
  ByteBuffer take() {
    ByteBuffer buffer = idle.poll();
    return buffer == null ? ByteBuffer.allocateDirect(BUFFER_BYTES) : buffer.clear();
  }

  /** Gives {@code buffer} back; the caller forgets it. */
  void give(ByteBuffer buffer) {
    boolean _ = idle.offer(buffer);
  }
}
