package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.http.HttpTransport;
import java.io.IOException;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * Makes the calls of one store: once each, but for fresh credentials, a corrected clock and one
 * repetition of a broken answer, as {@link ObjectStore} says. What an attempt throws gets its name
 * here.
 */
public final class StoreCalls {
  private final StoreLocation location;
  private final CredentialCache credentials;
  private final StoreClock clock;

  /** For calls to one store. */
  public StoreCalls(StoreLocation location, CredentialCache credentials, StoreClock clock) {
    this.location = location;
    this.credentials = credentials;
    this.clock = clock;
  }

  /** One attempt of a call. */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * Throws {@link FailedAnswerException} for an answer that is no success, and the other
     * exceptions of an {@link ObjectStore}.
     */
    T run() throws IOException;
  }

  /**
   * Runs a call.
   *
   * @param what what is done, on what: the beginning of a message
   */
  public <T> T call(String what, Cancellation cancellation, Attempt<T> attempt) throws IOException {
    return call(what, cancellation, attempt, fault -> {});
  }

  /**
   * The same.
   *
   * @param broken told of an answer that broke the protocol and is asked for again
   */
  public <T> T call(
      String what,
      Cancellation cancellation,
      Attempt<T> attempt,
      Consumer<StoreProtocolException.Fault> broken)
      throws IOException {
    String subject = named(what);
    boolean refreshed = false;
    boolean corrected = false;
    boolean repeated = false;
    while (true) {
      if (cancellation.isCancelled()) {
        throw new CancelledReadException(subject + " was cancelled");
      }
      StoreCredentials used = credentials.current();
      Instant askedAt = clock.instant();
      IOException failed;
      try {
        return ScopedValue.where(HttpTransport.CANCELLATION, cancellation).call(attempt::run);
      } catch (FailedAnswerException e) {
        StoreFailure failure = e.failure();
        if (!corrected && failure.clockSkewed(askedAt) && clock.correct(failure.serverMillis())) {
          corrected = true;
          continue;
        }
        if (failure.credentialsExpired() && !refreshed && credentials.refresh(used)) {
          refreshed = true;
          continue;
        }
        failed = failure.toException(subject);
      } catch (StorageException e) {
        failed = named(subject, e);
      }
      if (repeated || !(failed instanceof StoreProtocolException protocol)) {
        throw failed;
      }
      repeated = true;
      broken.accept(protocol.fault());
    }
  }

  /** What is done, and where. */
  public String named(String what) {
    return what + " of " + location;
  }

  /** Says what the connection's failure kept from being done. */
  private static IOException named(String subject, StorageException failure) {
    String message = subject + ": " + failure.getMessage();
    return switch (failure) {
      case ThrottledException e -> new ThrottledException(message, e.retryAfterMillis());
      case StoreUnavailableException e -> new StoreUnavailableException(message, e);
      case TruncatedObjectException e -> new TruncatedObjectException(message, e);
      case StoreProtocolException e -> new StoreProtocolException(message, e);
      case ObjectChangedException e -> new ObjectChangedException(message, e);
      default -> failure;
    };
  }
}
