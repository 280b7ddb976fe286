package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/**
 * Carries a {@link StoreFailure} from an SDK's package to {@link StoreCalls}, which decides what it
 * means. Callers of an {@link ObjectStore} never see it.
 */
public final class FailedAnswerException extends StorageException {
  private static final long serialVersionUID = 1L;
  private final transient StoreFailure failure;

  /** One that carries this. */
  public FailedAnswerException(StoreFailure failure) {
    super("the store answered " + failure.status());
    this.failure = failure;
  }

  /** Whether it may be another one soon: whoever answered is away, or is asked for too much. */
  public boolean isTransient() {
    return failure.passing();
  }

  StoreFailure failure() {
    return failure;
  }
}
