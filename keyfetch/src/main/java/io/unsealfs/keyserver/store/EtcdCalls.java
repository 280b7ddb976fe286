package io.unsealfs.keyserver.store;

import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the answers of etcd and says what went wrong. Thread-safe.
 *
 * <p>After a failure calls fail at once for a moment: while the cluster is away requests must not
 * each hold a thread of the key server for as long as it takes to find that out.
 */
final class EtcdCalls {
  private static final long PAUSE_NANOS = Duration.ofMillis(250).toNanos();
  private static final int MAX_TEXT = 200;

  private final String place;
  private final Duration timeout;
  private final LongSupplier nanoClock;

  private record Failure(long atNanos, StoreUnavailableException cause) {}

  private volatile @Nullable Failure last;

  EtcdCalls(String place, Duration timeout, LongSupplier nanoClock) {
    this.place = place;
    this.timeout = timeout;
    this.nanoClock = nanoClock;
  }

  /** A call that is under way when this returns. */
  interface Call<T> {
    CompletableFuture<T> begin() throws StoreException;
  }

  /**
   * The answer to a call.
   *
   * @param what what could not be done, as a participle
   */
  <T> T await(Call<T> call, String what) throws StoreException {
    Failure failure = last;
    if (failure != null && nanoClock.getAsLong() - failure.atNanos() < PAUSE_NANOS) {
      throw new StoreUnavailableException(
          String.valueOf(failure.cause().getMessage()), failure.cause());
    }
    CompletableFuture<T> answer = call.begin();
    try {
      T value = answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      last = null;
      return value;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(message(what, "interrupted"), e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw remembered(
          new StoreUnavailableException(
              message(what, "no answer within " + timeout.toSeconds() + " s"), e));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw isLasting(cause)
          ? new StoreException(message(what, describe(cause)), cause)
          : remembered(new StoreUnavailableException(message(what, describe(cause)), cause));
    }
  }

  /** Whether the same question would be answered alike later. */
  private static boolean isLasting(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Status status = Status.fromThrowable(cause);
      String why = String.valueOf(status.getDescription());
      // a login that finds no etcd is UNAUTHENTICATED because of UNAVAILABLE; tokens end with etcd
      if (status.getCode() == Status.Code.UNAVAILABLE
          || why.contains("invalid auth token")
          || why.contains("auth store is old")) {
        return false;
      }
    }
    return switch (Status.fromThrowable(failure).getCode()) {
      case PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION -> true;
      default -> false;
    };
  }

  private StoreUnavailableException remembered(StoreUnavailableException failure) {
    last = new Failure(nanoClock.getAsLong(), failure);
    return failure;
  }

  private String message(String what, String why) {
    return "store %s: cannot be %s now (%s)".formatted(place, what, why);
  }

  /** The innermost reason, fit for one line: "Connection refused" says more than "io exception". */
  private static String describe(Throwable failure) {
    Throwable innermost = failure;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    String line = String.valueOf(innermost.getMessage()).replaceAll("[^\\p{Print}]+", " ").strip();
    return line.length() > MAX_TEXT ? line.substring(0, MAX_TEXT) + "…" : line;
  }
}
