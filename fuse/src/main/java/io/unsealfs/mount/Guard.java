package io.unsealfs.mount;

import java.io.IOException;

/**
 * Stands between the kernel's requests and everything behind them: whatever is thrown leaves as an
 * errno, and the daemon lives on. The only place that catches all.
 */
public final class Guard {
  private final FuseEvents events;
  private final boolean timed;

  /** A guard that reports to {@code events}. */
  public Guard(FuseEvents events) {
    this.events = events;
    this.timed = events.wantsTimes();
  }

  /** The work of one callback. */
  @FunctionalInterface
  public interface Body {
    /** Returns what the kernel is to get: 0 or a count, or a negative errno. */
    int run(Request request) throws IOException;
  }

  /** Runs {@code body}; never throws. */
  public int answer(Operation operation, Body body) {
    long startNanos = timed ? System.nanoTime() : 0;
    Request request = new Request(operation);
    int result;
    try {
      result = body.run(request);
    } catch (Throwable cause) {
      result = -explain(request, cause);
    }
    try {
      events.answered(operation, result, timed ? System.nanoTime() - startNanos : 0);
    } catch (Throwable again) {
      // what is not counted is still to be answered
      return result;
    }
    return result;
  }

  private int explain(Request request, Throwable cause) {
    try {
      if (!(cause instanceof IOException failure)) {
        events.unexpected(request.operation().text(), cause);
        return Errno.EIO;
      }
      if (Errno.isFault(failure)) {
        events.failed(
            request.operation().text(), request.location(), request.plaintextPath(), failure);
      }
      return Errno.of(request.operation(), request.kind(), failure);
    } catch (Throwable again) {
      // The report failed too (no memory, no stack): the kernel still needs its answer.
      return Errno.EIO;
    }
  }
}
