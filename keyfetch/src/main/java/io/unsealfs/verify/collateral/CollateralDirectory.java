package io.unsealfs.verify.collateral;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.EndorsementSource;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The {@code *.json} files of a directory, each checked once and again when it changes.
 * Thread-safe.
 *
 * <p>Remembers, while it lives, the highest evaluation number it gave out for each type of
 * platform, and never goes back below it: within its life old collateral that hides a newer hole is
 * still in force.
 */
public final class CollateralDirectory implements EndorsementSource {
  private static final Logger LOG = System.getLogger(CollateralDirectory.class.getName());
  private static final int MAX_FILES = 1024;
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(10);

  private final Path directory;
  private final TrustedRoot root;
  private final LongSupplier nanoClock;
  private final AtomicLong lookedAtNanos = new AtomicLong();
  private final Map<PlatformType, Integer> highest = new ConcurrentHashMap<>();
  private volatile Map<Path, Entry> entries;

  /** One file: what it was made of, and what it was found to be. */
  private record Entry(FileTime modified, long size, Found found) {}

  /** What was found in a file. */
  public sealed interface Found {
    /** Collateral whose signatures hold. */
    record Good(PlatformType platform, Endorsements endorsements) implements Found {}

    /** A file that cannot be used. */
    record Bad(VerificationException why) implements Found {}
  }

  /**
   * Opens a directory and reads it.
   *
   * @param nanoClock a clock that only goes forward
   * @throws IOException if it cannot be listed
   */
  public CollateralDirectory(Path directory, TrustedRoot root, LongSupplier nanoClock)
      throws IOException {
    this.directory = directory;
    this.root = root;
    this.nanoClock = nanoClock;
    this.entries = read(Map.of());
    lookedAtNanos.set(nanoClock.getAsLong());
  }

  @Override
  public Endorsements find(PlatformType platform, Instant now) throws VerificationException {
    lookAgain();
    Endorsements best = null;
    VerificationException bad = null;
    for (Entry entry : entries.values()) {
      switch (entry.found()) {
        case Found.Good good -> {
          if (good.platform().equals(platform)
              && (best == null || isBetter(good.endorsements(), best, now))) {
            best = good.endorsements();
          }
        }
        case Found.Bad one -> bad = bad == null ? one.why() : bad;
      }
    }
    if (best != null) {
      return notOlder(platform, best);
    }
    if (bad != null) {
      throw new VerificationException(bad.failure());
    }
    throw Failure.COLLATERAL_MISSING.exception(
        "collateral for " + platform.word(),
        "none in the directory; unsealfs collateral fetch gets it");
  }

  /** In force beats not in force; then the one that took more findings into account; then newer. */
  private static boolean isBetter(Endorsements one, Endorsements other, Instant now) {
    boolean inForce = isInForce(one, now);
    if (inForce != isInForce(other, now)) {
      return inForce;
    }
    return one.evaluationNumber() != other.evaluationNumber()
        ? one.evaluationNumber() > other.evaluationNumber()
        : one.expires().isAfter(other.expires());
  }

  private static boolean isInForce(Endorsements endorsements, Instant now) {
    try {
      endorsements.check(now);
      return true;
    } catch (VerificationException e) {
      return false;
    }
  }

  private Endorsements notOlder(PlatformType platform, Endorsements endorsements)
      throws VerificationException {
    int seen = highest.merge(platform, endorsements.evaluationNumber(), Math::max);
    if (endorsements.evaluationNumber() < seen) {
      throw Failure.COLLATERAL_ROLLBACK.exception(
          "evaluation number of at least " + seen + ", which was seen before",
          Integer.toString(endorsements.evaluationNumber()));
    }
    return endorsements;
  }

  /** Everything there is, by file name; for those who look after it. */
  public Map<String, Found> all() {
    Map<String, Found> all = new TreeMap<>();
    entries.forEach((file, entry) -> all.put(String.valueOf(file.getFileName()), entry.found()));
    return all;
  }

  /** One thread at a time looks whether files changed; the others go on with what there is. */
  private void lookAgain() {
    long now = nanoClock.getAsLong();
    long before = lookedAtNanos.get();
    if (now - before < LOOK_AGAIN.toNanos() || !lookedAtNanos.compareAndSet(before, now)) {
      return;
    }
    lookNow();
  }

  /** Looks whether files changed. */
  void lookNow() {
    try {
      entries = read(entries);
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "collateral directory {0} cannot be read, what was read before stays: {1}",
          directory,
          e.toString());
    }
  }

  private Map<Path, Entry> read(Map<Path, Entry> old) throws IOException {
    Map<Path, Entry> fresh = new HashMap<>();
    for (Path file : files()) {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      Entry known = old.get(file);
      fresh.put(
          file,
          known != null
                  && known.modified().equals(attributes.lastModifiedTime())
                  && known.size() == attributes.size()
              ? known
              : new Entry(attributes.lastModifiedTime(), attributes.size(), load(file)));
    }
    return Map.copyOf(fresh);
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, "[!.]*.json")) {
      for (Path file : stream) {
        if (files.size() == MAX_FILES) {
          throw new IOException(
              "collateral directory %s: more than %d files".formatted(directory, MAX_FILES));
        }
        files.add(file);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return files;
  }

  private Found load(Path file) {
    VerificationException why;
    try {
      Endorsements endorsements = Endorsements.load(CollateralFile.read(file), root);
      return new Found.Good(endorsements.platform(), endorsements);
    } catch (VerificationException e) {
      why = e;
    } catch (IOException e) {
      why = Failure.COLLATERAL_FORMAT.exception("a file that can be read", "an error", e);
    }
    LOG.log(Level.WARNING, "collateral {0} is not used: {1}", file, why.getMessage());
    return new Found.Bad(why);
  }
}
