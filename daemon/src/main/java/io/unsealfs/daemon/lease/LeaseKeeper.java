package io.unsealfs.daemon.lease;

import io.unsealfs.key.ConversationRefusedException;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.mount.KeyExpiredException;
import io.unsealfs.mount.KeyRevokedException;
import io.unsealfs.volume.PinMismatchException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Renews the lease of one mount in the background and does what was asked for when that fails. Each
 * renewal has a thread of its own: one that hangs must not hold up the expiry.
 */
public final class LeaseKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** Java's waits stand still while the machine is suspended: the clock is looked at this often. */
  private static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Asks the service for the key again. */
  @FunctionalInterface
  public interface Renewal {
    /**
     * Blocks until there is an answer; ends early when interrupted.
     *
     * @return the terms from now on
     * @throws IOException why there are none
     */
    LeaseTerms renew() throws IOException;
  }

  /** What the key is used for. */
  public interface Use {
    /** Nothing more is opened. */
    void refuseOpens(IOException why);

    /** What is asked for may be opened again. */
    void admitOpens();

    /** All of it ends, under whoever uses it. */
    void end(IOException why);
  }

  /**
   * How a renewal ended.
   *
   * @param terms null if it failed
   * @param failure null if it did not
   */
  private record Answer(@Nullable LeaseTerms terms, @Nullable Throwable failure, long askedNanos) {}

  private final LeaseState state;
  private final Renewal renewal;
  private final Use use;
  private final OnExpiry onExpiry;
  private final LongSupplier bootNanos;
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private volatile boolean closed;
  private volatile @Nullable Thread renewing;

  private volatile LeaseView view;
  private long renewals;
  private long failedRenewals;

  // used by the keeper's thread
  private boolean asked;
  private LeaseState.Standing acted = LeaseState.Standing.HELD;
  private String denial = "";

  private LeaseKeeper(
      LeaseState state, Renewal renewal, Use use, OnExpiry onExpiry, LongSupplier bootNanos) {
    this.state = state;
    this.renewal = renewal;
    this.use = use;
    this.onExpiry = onExpiry;
    this.bootNanos = bootNanos;
    this.view = look(Optional.empty());
  }

  /**
   * Begins to keep a lease.
   *
   * @param terms not none
   * @param askedNanos when the service was asked for it
   * @param bootNanos a clock that counts suspension and that nobody can set
   */
  public static LeaseKeeper start(
      LeaseTerms terms,
      long askedNanos,
      Renewal renewal,
      Use use,
      OnExpiry onExpiry,
      LongSupplier bootNanos) {
    LeaseState state =
        new LeaseState(terms, askedNanos, () -> ThreadLocalRandom.current().nextDouble());
    LeaseKeeper keeper = new LeaseKeeper(state, renewal, use, onExpiry, bootNanos);
    Thread thread = new Thread(keeper::run, "unsealfs-lease");
    thread.setDaemon(true);
    thread.start();
    return keeper;
  }

  /** One that a test drives step by step. */
  static LeaseKeeper driven(
      LeaseState state, Renewal renewal, Use use, OnExpiry onExpiry, LongSupplier bootNanos) {
    return new LeaseKeeper(state, renewal, use, onExpiry, bootNanos);
  }

  private void run() {
    try {
      while (!closed) {
        long waitNanos = step();
        take(answers.poll(Math.clamp(waitNanos, 1, SLICE_NANOS), TimeUnit.NANOSECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does
    } catch (RuntimeException | Error e) {
      // a lease that nobody keeps is no lease
      LOG.log(Level.ERROR, "the lease cannot be kept", e);
      use.end(new KeyExpiredException("the lease cannot be kept: " + e.getClass().getName()));
    }
  }

  /** Does what is due now; gives the nanoseconds until something else is. */
  long step() {
    long now = bootNanos.getAsLong();
    act(state.standing(now));
    if (closed) {
      return SLICE_NANOS;
    }
    if (!asked && state.askIn(now) <= 0) {
      asked = true;
      Thread thread = new Thread(() -> renew(now), "unsealfs-renew");
      thread.setDaemon(true);
      renewing = thread;
      thread.start();
    }
    long untilExpiry = acted == LeaseState.Standing.HELD ? state.expiresIn(now) : SLICE_NANOS;
    return asked ? untilExpiry : Math.min(untilExpiry, state.askIn(now));
  }

  private void renew(long askedNanos) {
    Answer answer;
    try {
      answer = new Answer(renewal.renew(), null, askedNanos);
    } catch (IOException | RuntimeException | Error e) {
      answer = new Answer(null, e, askedNanos);
    }
    answers.add(answer);
  }

  /** Waits for the answer under way; for tests. */
  void takeAnswer() throws InterruptedException {
    take(answers.take());
  }

  private void take(@Nullable Answer answer) {
    if (answer == null || closed) {
      return;
    }
    asked = false;
    renewing = null;
    long now = bootNanos.getAsLong();
    Throwable failure = answer.failure();
    if (answer.terms() != null) {
      Level level = state.failures() > 0 ? Level.INFO : Level.DEBUG;
      state.renewed(answer.terms(), answer.askedNanos());
      renewals++;
      view = look(Optional.empty());
      LOG.log(level, "lease: renewed, {0}", end(now));
    } else if (failure != null && isDenial(failure)) {
      denial = String.valueOf(failure.getMessage());
      state.denied(now);
      failedRenewals++;
      view = look(Optional.of(denial));
    } else {
      boolean first = state.failures() == 0;
      state.failed(now);
      failedRenewals++;
      view =
          look(
              Optional.of(
                  failure instanceof IOException
                      ? String.valueOf(failure.getMessage())
                      : String.valueOf(failure)));
      LOG.log(
          first ? Level.WARNING : Level.DEBUG,
          "lease: not renewed: {0}; asked again, it {1}",
          failure instanceof IOException ? failure.getMessage() : String.valueOf(failure),
          end(now));
    }
  }

  /** How it stands now, for whoever wants to show it. */
  public LeaseView view() {
    return view;
  }

  private LeaseView look(Optional<String> lastFailure) {
    long now = bootNanos.getAsLong();
    long left = state.expiresIn(now);
    return new LeaseView(
        state.standing(now).name().toLowerCase(Locale.ROOT),
        left > LeaseTerms.LONGEST.toNanos() ? OptionalLong.empty() : OptionalLong.of(now + left),
        renewals,
        failedRenewals,
        lastFailure);
  }

  private String end(long now) {
    long nanos = state.expiresIn(now);
    return nanos > LeaseTerms.LONGEST.toNanos()
        ? "has no end"
        : "ends in " + Math.max(0, TimeUnit.NANOSECONDS.toSeconds(nanos)) + " s";
  }

  /**
   * Whether the service itself took the key back. Another server in its place, a nonce that was
   * lost or evidence that could not be made say nothing about the key.
   */
  private static boolean isDenial(Throwable failure) {
    return (failure instanceof KeyDeniedException || failure instanceof PinMismatchException)
        && !(failure instanceof UntrustedServerException)
        && !(failure instanceof ConversationRefusedException);
  }

  private void act(LeaseState.Standing standing) {
    if (standing == acted) {
      return;
    }
    acted = standing;
    view = look(view.lastFailure());
    switch (standing) {
      case HELD -> {
        // who reads the line may try at once
        use.admitOpens();
        LOG.log(Level.INFO, "lease: the key may be used again");
      }
      case DENIED -> lapse(new KeyRevokedException("the key was taken back: " + denial));
      case EXPIRED ->
          lapse(new KeyExpiredException("the key's lease ran out before it could be renewed"));
    }
  }

  private void lapse(IOException why) {
    String what =
        switch (onExpiry) {
          case KEEP -> "the mount goes on (on_expiry=keep)";
          case STOP_NEW_OPENS -> "nothing more can be opened (on_expiry=stop-new-opens)";
          case UNMOUNT -> "the mount ends (on_expiry=unmount)";
        };
    if (onExpiry == OnExpiry.STOP_NEW_OPENS) {
      use.refuseOpens(why);
    }
    LOG.log(Level.ERROR, "lease: {0}; {1}", why.getMessage(), what);
    switch (onExpiry) {
      case KEEP, STOP_NEW_OPENS -> {}
      case UNMOUNT -> {
        close();
        use.end(why);
      }
    }
  }

  /** How it is kept, one line for the log. */
  public static String describe(LeaseTerms terms, OnExpiry onExpiry) {
    return "lease: "
        + terms
            .expiresAfter()
            .map(after -> "ends after " + text(after) + " unless renewed")
            .orElse("without an end")
        + terms.renewEvery().map(every -> ", renewed every " + text(every)).orElse("")
        + "; then on_expiry="
        + onExpiry.word();
  }

  private static String text(Duration duration) {
    return duration.toSeconds() + " s";
  }

  /** Keeps it no longer, and waits for nothing: a renewal under way is broken off. Idempotent. */
  @Override
  public void close() {
    closed = true;
    Thread thread = renewing;
    if (thread != null) {
      thread.interrupt();
    }
    answers.add(new Answer(null, null, 0));
  }
}
