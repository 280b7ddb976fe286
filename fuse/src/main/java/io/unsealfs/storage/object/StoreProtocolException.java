package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/**
 * The store's answer breaks the protocol: another range than asked for, the whole object, no valid
 * XML.
 */
public class StoreProtocolException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StoreProtocolException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public StoreProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
