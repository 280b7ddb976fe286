package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;

/** A file whose header is damaged: it has a size, and no byte of it can be read. */
record DamagedSource(long size, String location, String problem) implements Source {

  @Override
  public int read(long offset, ByteBuffer dst) throws IntegrityException {
    if (offset >= size || !dst.hasRemaining()) {
      return 0;
    }
    throw new IntegrityException(location, 0, problem);
  }

  @Override
  public void close() {}
}
