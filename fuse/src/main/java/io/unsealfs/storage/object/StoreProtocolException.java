package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/**
 * The store's answer breaks the protocol: another range than asked for, the whole object, no valid
 * XML.
 */
public class StoreProtocolException extends StorageException {
  private static final long serialVersionUID = 1L;

  private final Fault fault;

  /** What is wrong with an answer. */
  public enum Fault {
    /** Another range, or all of the object. */
    RANGE,
    /** More or fewer bytes than announced, or than were asked for. */
    LENGTH,
    /** It does not say of which version the bytes are. */
    VERSION,
    /** Anything else: no HTTP, no listing, headers without end. */
    ANSWER
  }

  /** An error with this message: what failed, on what, why. */
  public StoreProtocolException(String message) {
    this(Fault.ANSWER, message);
  }

  /** An error of this kind with its message. */
  public StoreProtocolException(Fault fault, String message) {
    super(message);
    this.fault = fault;
  }

  /** An error with this message and its cause, whose kind is that of the cause. */
  public StoreProtocolException(String message, Throwable cause) {
    super(message, cause);
    this.fault = cause instanceof StoreProtocolException known ? known.fault() : Fault.ANSWER;
  }

  /** What is wrong. */
  public Fault fault() {
    return fault;
  }
}
