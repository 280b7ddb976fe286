package io.unsealfs.storage.object;

import java.util.ArrayList;
import java.util.List;

/** Ends calls of an {@link ObjectStore} that nobody waits for any more. Thread-safe. */
public final class Cancellation {
  private boolean cancelled;
  private final List<Registration> registrations = new ArrayList<>();

  /** One that nobody will cancel. */
  public static Cancellation none() {
    return new Cancellation();
  }

  /** Ends what is under way, and keeps what has not begun from beginning. */
  public void cancel() {
    List<Registration> toRun;
    synchronized (this) {
      cancelled = true;
      toRun = List.copyOf(registrations);
      registrations.clear();
    }
    toRun.forEach(registration -> registration.action.run());
  }

  /** Whether {@link #cancel} was called. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /**
   * Has {@code action} run on {@link #cancel}, at once if that was before.
   *
   * @return ends the watch
   */
  public Watch onCancel(Runnable action) {
    Registration registration = new Registration(action);
    synchronized (this) {
      if (!cancelled) {
        registrations.add(registration);
        return registration;
      }
    }
    action.run();
    return () -> {};
  }

  /** Equal to itself only: one action may be registered twice. */
  private final class Registration implements Watch {
    private final Runnable action;

    Registration(Runnable action) {
      this.action = action;
    }

    @Override
    public void close() {
      synchronized (Cancellation.this) {
        registrations.remove(this);
      }
    }
  }

  /** An action that is to run on cancel, until closed. */
  @FunctionalInterface
  public interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}
