package io.unsealfs.daemon;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.mount.FuseEvents;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes failures of the mounted tree to the log: damage once per file, other failures once per
 * file and kind. Plaintext paths appear only with {@code log_names}.
 */
final class FailureLog implements FuseEvents {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** Files remembered; past this many damaged ones the log says so once and stays quiet. */
  private static final int REMEMBERED = 10_000;

  private final boolean plaintextNames;
  private final AtomicLong damaged = new AtomicLong();
  private final AtomicLong damagedObjects = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong unexpected = new AtomicLong();
  private final Set<String> seen = new HashSet<>(); // guarded by itself

  FailureLog(boolean plaintextNames) {
    this.plaintextNames = plaintextNames;
  }

  @Override
  public void failed(String operation, String location, String plaintextPath, IOException cause) {
    failed.incrementAndGet();
    boolean damage = cause instanceof IntegrityException;
    if (damage) {
      damaged.incrementAndGet();
    }
    if (isNew(cause.getClass().getSimpleName() + " " + place(location, cause))) {
      if (damage) {
        damagedObjects.incrementAndGet();
      }
      LOG.log(
          damage ? Level.ERROR : Level.WARNING,
          operation
              + " "
              + location
              + (plaintextNames ? " (" + plaintextPath + ")" : "")
              + (damage ? ": damaged, answered EIO" : ": failed"),
          cause);
    }
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
    LOG.log(
        Level.ERROR,
        "unexpected fault in " + operation + ", answered EIO (number " + count + " of this mount)",
        cause);
  }

  @Override
  public void agreed(String facts) {
    LOG.log(Level.INFO, facts);
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
