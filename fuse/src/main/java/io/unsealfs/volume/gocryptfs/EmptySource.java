package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;

/** A file without content. */
enum EmptySource implements Source {
  INSTANCE;

  @Override
  public long size() {
    return 0;
  }

  @Override
  public int read(long offset, ByteBuffer dst) {
    return 0;
  }

  @Override
  public void close() {}
}
