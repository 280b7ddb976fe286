package io.unsealfs.verify.collateral;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.EndorsementSource;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a directory of collateral current: says in the log what ends soon, and, if it was given a
 * service to ask, fetches it anew when a third of its life is left, and for the first time when a
 * platform of an unknown type shows up. What is in force goes on being used while the service does
 * not answer, and not a second longer. Thread-safe.
 */
public final class CollateralKeeper implements EndorsementSource, AutoCloseable {
  private static final Logger LOG = System.getLogger(CollateralKeeper.class.getName());
  private static final Duration WARN_AHEAD = Duration.ofDays(7);
  private static final long ROUND_MINUTES = 60;

  /** Whoever shows quotes names platforms; this bounds what that makes us ask for. */
  private static final int MAX_WANTED = 16;

  private final Path directory;
  private final CollateralDirectory files;
  private final Optional<Fetcher> service;
  private final TrustedRoot root;
  private final Clock clock;
  private final Set<PlatformType> wanted = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("collateral-keeper").factory());

  /** Asks a service, as {@link CollateralClient#fetch} does. */
  @FunctionalInterface
  public interface Fetcher {
    /** Everything about one type of platform. */
    Collateral fetch(PlatformType platform) throws IOException, InterruptedException;
  }

  /**
   * A keeper; does nothing on its own before {@link #start}.
   *
   * @param directory where the files lie
   * @param files the same directory, opened
   * @param service who is asked; nobody if empty
   */
  public CollateralKeeper(
      Path directory,
      CollateralDirectory files,
      Optional<Fetcher> service,
      TrustedRoot root,
      Clock clock) {
    this.directory = directory;
    this.files = files;
    this.service = service;
    this.root = root;
    this.clock = clock;
  }

  /** Begins to look after the files, at once and every hour. */
  public void start() {
    var _ = worker.scheduleWithFixedDelay(this::tick, 0, ROUND_MINUTES, TimeUnit.MINUTES);
  }

  private void tick() {
    try {
      round();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "collateral: a round failed", e);
    }
  }

  @Override
  public Endorsements find(PlatformType platform, Instant now) throws VerificationException {
    try {
      return files.find(platform, now);
    } catch (VerificationException e) {
      if (service.isPresent()
          && e.failure().name().equals(Failure.COLLATERAL_MISSING.name())
          && wanted.size() < MAX_WANTED
          && wanted.add(platform)) {
        worker.execute(this::tick);
      }
      throw e;
    }
  }

  /** When the first piece of good collateral ends; empty if there is none. */
  public Optional<Instant> firstExpiry() {
    return files.all().values().stream()
        .filter(CollateralDirectory.Found.Good.class::isInstance)
        .map(good -> ((CollateralDirectory.Found.Good) good).endorsements().expires())
        .min(Comparator.naturalOrder());
  }

  /** One look at everything: fetches what is due, warns of what ends. */
  void round() throws InterruptedException {
    Instant now = clock.instant();
    for (CollateralDirectory.Found found : files.all().values()) {
      if (found instanceof CollateralDirectory.Found.Good good) {
        if (service.isPresent() && isDue(good.endorsements(), now)) {
          wanted.add(good.platform());
        } else {
          warn(good, now);
        }
      }
    }
    for (PlatformType platform : wanted) {
      refresh(platform, now);
    }
    files.lookNow();
  }

  private static boolean isDue(Endorsements endorsements, Instant now) {
    Duration life = Duration.between(endorsements.issued(), endorsements.expires());
    return now.isAfter(endorsements.expires().minus(life.dividedBy(3)));
  }

  private void refresh(PlatformType platform, Instant now) throws InterruptedException {
    try {
      Collateral fetched = service.orElseThrow().fetch(platform);
      Endorsements checked = Endorsements.load(fetched, root);
      checked.check(now);
      if (!checked.platform().equals(platform)) {
        throw new CollateralException("the service sent that of " + checked.platform().word());
      }
      CollateralFile.write(directory.resolve(platform.word() + ".json"), fetched);
      LOG.log(
          Level.INFO,
          "collateral for {0} fetched, in force until {1}",
          platform.word(),
          checked.expires());
      wanted.remove(platform);
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "collateral for {0} was not fetched, what there is stays: {1}",
          platform.word(),
          e.getMessage());
    }
  }

  private static void warn(CollateralDirectory.Found.Good good, Instant now) {
    Instant expires = good.endorsements().expires();
    if (expires.isBefore(now)) {
      LOG.log(
          Level.ERROR,
          "collateral for {0} ended {1}: its evidence is refused; fetch it anew",
          good.platform().word(),
          expires);
    } else if (expires.isBefore(now.plus(WARN_AHEAD))) {
      LOG.log(
          Level.WARNING,
          "collateral for {0} ends {1} ({2}); fetch it anew",
          good.platform().word(),
          expires,
          good.endorsements().expiringPiece());
    }
  }

  @Override
  public void close() {
    worker.shutdownNow();
  }
}
