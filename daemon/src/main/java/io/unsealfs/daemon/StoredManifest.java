package io.unsealfs.daemon;

import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A manifest that is an object itself. A connection is made for each time that it is read.
 *
 * @param uri the object
 * @param opener makes the connection
 */
record StoredManifest(ObjectUri uri, Opener opener, RetryPolicy retries) implements ManifestOrigin {

  /** Opens the store that an object lies in. */
  @FunctionalInterface
  interface Opener {
    /** The caller closes it. */
    ObjectStore open() throws IOException;
  }

  @Override
  public byte[] read(Cancellation cancellation) throws IOException {
    try (ObjectStore store = opener.open()) {
      return retries.repeat(() -> read(store, cancellation));
    }
  }

  private byte[] read(ObjectStore store, Cancellation cancellation) throws IOException {
    ObjectVersion version = store.head(uri.path(), cancellation);
    ManifestOrigin.requireRoom(uri, version.size());
    ByteBuffer bytes = ByteBuffer.allocate((int) version.size());
    if (bytes.hasRemaining()) {
      var _ = store.get(version, 0, version.size(), RangeSink.into(bytes), cancellation);
    }
    return bytes.array();
  }

  @Override
  public String toString() {
    return uri.toString();
  }
}
