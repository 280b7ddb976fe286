package io.unsealfs.daemon;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** SOURCE, found when it is first needed, and closed if it was. One thread at a time. */
final class LateSource implements Closeable {
  private final Finder finder;
  private @Nullable EncryptedSource found;

  /** Looks for a source. */
  @FunctionalInterface
  interface Finder {
    /** What it found; the caller closes it. */
    EncryptedSource find() throws IOException;
  }

  LateSource(Finder finder) {
    this.finder = finder;
  }

  /** The source. */
  EncryptedSource found() throws IOException {
    EncryptedSource known = found;
    if (known == null) {
      known = finder.find();
      found = known;
    }
    return known;
  }

  @Override
  public void close() throws IOException {
    EncryptedSource known = found;
    if (known != null) {
      known.close();
    }
  }
}
