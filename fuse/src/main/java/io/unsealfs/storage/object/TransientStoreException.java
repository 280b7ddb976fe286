package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;
import java.io.IOException;

/** The store failed in a way that may pass: the same call can be repeated. */
public abstract sealed class TransientStoreException extends StorageException
    permits ThrottledException, StoreUnavailableException, TruncatedObjectException {
  private static final long serialVersionUID = 1L;
  private final long retryAfterMillis;

  TransientStoreException(String message, long retryAfterMillis) {
    super(message);
    this.retryAfterMillis = retryAfterMillis;
  }

  TransientStoreException(String message, IOException cause) {
    super(message, cause);
    this.retryAfterMillis = 0;
  }

  /** How long the store wants not to be asked, bounded to ten minutes; 0 if it does not say. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
