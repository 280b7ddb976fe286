package io.unsealfs.daemon;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.daemon.log.Event;
import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.daemon.status.RequestFigures;
import io.unsealfs.mount.Errno;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Operation;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Writes failures of the mounted tree to the log: damage once per file, other failures once per
 * file and kind, faults of our own once a minute for each place. Plaintext paths appear only with
 * {@code log_names}. Remembers the last files that had any for {@code status}.
 */
final class FailureLog implements FuseEvents {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** Files remembered; past this many damaged ones the log says so once and stays quiet. */
  private static final int REMEMBERED = 10_000;

  /** Files shown. */
  private static final int SHOWN = 100;

  private static final int SHOWN_CHARS = 300;

  private static final long BETWEEN_FAULTS_NANOS = 60_000_000_000L;

  /** Places of faults told apart. */
  private static final int FAULT_PLACES = 100;

  private final boolean plaintextNames;
  private final boolean timed;
  private final RequestFigures requests;
  private final LongSupplier nanoClock;
  private final AtomicLong damaged = new AtomicLong();
  private final AtomicLong damagedObjects = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong unexpected = new AtomicLong();
  private volatile String agreement = "";
  private final Set<String> seen = new HashSet<>(); // guarded by itself
  // by file, the last one to fail at the end; guarded by itself
  private final Map<String, MountStatus.FileErrors> byFile = new LinkedHashMap<>();
  // when each was told last; guarded by itself
  private final Map<String, Long> faultsTold = new LinkedHashMap<>();

  FailureLog(boolean plaintextNames) {
    this(plaintextNames, false, new RequestFigures(), System::nanoTime);
  }

  /**
   * A log of failures that counts requests too.
   *
   * @param timed whether to have them timed
   */
  FailureLog(
      boolean plaintextNames, boolean timed, RequestFigures requests, LongSupplier nanoClock) {
    this.plaintextNames = plaintextNames;
    this.timed = timed;
    this.requests = requests;
    this.nanoClock = nanoClock;
  }

  @Override
  public boolean wantsTimes() {
    return timed;
  }

  @Override
  public void answered(Operation operation, int result, long nanos) {
    requests.count(operation, result, nanos);
  }

  @Override
  public void failed(String operation, String location, String plaintextPath, IOException cause) {
    failed.incrementAndGet();
    boolean damage = cause instanceof IntegrityException;
    if (damage) {
      damaged.incrementAndGet();
    }
    String shown = location + (plaintextNames ? " (" + plaintextPath + ")" : "");
    String place = place(location, cause);
    remember(place.equals(location) ? shown : place, operation, cause);
    if (isNew(cause.getClass().getSimpleName() + " " + place)) {
      if (damage) {
        damagedObjects.incrementAndGet();
      }
      Event.of(
              damage ? Level.ERROR : Level.WARNING,
              operation + " " + shown + (damage ? ": damaged, answered EIO" : ": failed"))
          .because(cause)
          .during(operation, errno(operation, cause))
          .log("io.unsealfs.mount");
    }
  }

  /** The number the kernel got, but for what depends on the kind of node. */
  private static int errno(String operation, IOException cause) {
    for (Operation known : Operation.values()) {
      if (known.text().equals(operation)) {
        return Errno.of(known, null, cause);
      }
    }
    return Errno.EIO;
  }

  private void remember(String file, String operation, IOException cause) {
    String name = file.length() > SHOWN_CHARS ? file.substring(0, SHOWN_CHARS) + "…" : file;
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    String what = cause instanceof IntegrityException ? "damaged" : kind(cause);
    synchronized (byFile) {
      MountStatus.FileErrors before = byFile.remove(name);
      long count = before == null ? 1 : before.count() + 1;
      if (byFile.size() >= SHOWN) {
        byFile.remove(byFile.keySet().iterator().next());
      }
      byFile.put(name, new MountStatus.FileErrors(name, what, operation, count, now));
    }
  }

  /** {@code StaleSourceException} as {@code stale source}: the text may hold more than names. */
  private static String kind(IOException cause) {
    return cause
        .getClass()
        .getSimpleName()
        .replaceAll("Exception$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(Locale.ROOT);
  }

  /** What is damaged may be another thing than what was asked for: a lookup asks a directory. */
  private static String place(String location, IOException cause) {
    if (cause instanceof IntegrityException damage) {
      String known = damage.location();
      return known == null ? location : known;
    }
    return location;
  }

  @Override
  public void unexpected(String operation, Throwable cause) {
    long count = unexpected.incrementAndGet();
    StackTraceElement[] trace = cause.getStackTrace();
    String place =
        operation + " " + cause.getClass().getName() + (trace.length == 0 ? "" : " " + trace[0]);
    if (isDue(place)) {
      Event.of(
              Level.ERROR,
              "unexpected fault in "
                  + operation
                  + ", answered EIO (number "
                  + count
                  + " of this mount)")
          .because(cause)
          .during(operation, Errno.EIO)
          .log("io.unsealfs.mount");
    }
  }

  private boolean isDue(String place) {
    long now = nanoClock.getAsLong();
    synchronized (faultsTold) {
      Long last = faultsTold.get(place);
      if (last != null && now - last < BETWEEN_FAULTS_NANOS) {
        return false;
      }
      if (last == null && faultsTold.size() >= FAULT_PLACES) {
        faultsTold.remove(faultsTold.keySet().iterator().next());
      }
      faultsTold.put(place, now);
      return true;
    }
  }

  @Override
  public void agreed(String facts) {
    agreement = facts;
    LOG.log(Level.INFO, facts);
  }

  /** What the kernel and the transport agreed on; empty before. */
  String agreement() {
    return agreement;
  }

  /** What the kernel asked for. */
  RequestFigures requests() {
    return requests;
  }

  /** The last files that had errors, the latest first. */
  List<MountStatus.FileErrors> byFile() {
    synchronized (byFile) {
      return new ArrayList<>(byFile.values()).reversed();
    }
  }

  /** Reads answered EIO for damage so far. */
  long damagedReads() {
    return damaged.get();
  }

  /** Files, directories and the like that were found damaged so far, each counted once. */
  long damagedObjects() {
    return damagedObjects.get();
  }

  /** Requests that failed because of the data behind them, damage included. */
  long failedRequests() {
    return failed.get();
  }

  /** Callbacks that threw what none should. */
  long unexpectedFaults() {
    return unexpected.get();
  }

  private boolean isNew(String what) {
    synchronized (seen) {
      if (seen.size() >= REMEMBERED) {
        return false;
      }
      boolean added = seen.add(what);
      if (seen.size() == REMEMBERED) {
        LOG.log(Level.ERROR, "{0} damaged files; further ones are not logged", REMEMBERED);
      }
      return added;
    }
  }
}
