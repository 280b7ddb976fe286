package io.unsealfs.daemon.doctor;

import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.MemoryPressure;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.os.SystemCallException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The machine and the Java run-time. */
public final class HostChecks {
  /** Enough for every secret a mount holds: a page or two for each. */
  private static final long WANTED_LOCKABLE_BYTES = 64 << 10;

  private static final int PLAUSIBLE_YEARS = 15;

  private HostChecks() {}

  /** Version and collector of the Java run-time. */
  public static Diagnosis java() {
    return java(Runtime.version().feature());
  }

  static Diagnosis java(int feature) {
    String finding =
        Runtime.version()
            + " ("
            + System.getProperty("java.vendor")
            + "), collector "
            + ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName)
                .collect(Collectors.joining(", "));
    return feature >= 25
        ? Diagnosis.ok("Java", finding)
        : Diagnosis.fail("Java", finding, "install a JDK 25");
  }

  /**
   * Certificates, evidence and keys have times in them. A clock cannot be proven right, but one
   * before its own software is wrong.
   */
  public static Diagnosis clock(Instant now) {
    Instant built;
    try {
      built =
          LocalDate.parse(System.getProperty("java.version.date", "2025-09-16"))
              .atStartOfDay(ZoneOffset.UTC)
              .toInstant();
    } catch (DateTimeException e) {
      built = Instant.EPOCH;
    }
    String shown = now.truncatedTo(ChronoUnit.SECONDS).toString();
    if (now.isBefore(built.minus(1, ChronoUnit.DAYS))) {
      return Diagnosis.fail(
          "clock",
          shown + ", before this Java was released: certificates and evidence will be refused",
          "set the clock, and run a time service (chrony, systemd-timesyncd)");
    }
    if (now.isAfter(built.plus(365L * PLAUSIBLE_YEARS, ChronoUnit.DAYS))) {
      return Diagnosis.warn(
          "clock", shown + " is far in the future", "check it against another machine");
    }
    return Diagnosis.ok("clock", shown + " is plausible");
  }

  /**
   * Memory limit, heap and what becomes of them.
   *
   * @param cacheBytes the default size of the cache
   */
  public static Diagnosis memory(long cacheBytes) {
    OptionalLong limit = CgroupMemory.limitBytes();
    String watched;
    try (MemoryPressure pressure = MemoryPressure.ofThisProcess()) {
      watched = pressure.description();
    }
    String finding =
        (limit.isPresent()
                ? mebibytes(limit.getAsLong())
                    + (CgroupMemory.isLimited() ? " (limit of a control group)" : " (the machine)")
                : "of unknown size")
            + ", heap up to "
            + mebibytes(Runtime.getRuntime().maxMemory())
            + ", default cache "
            + mebibytes(cacheBytes)
            + "; pressure: "
            + watched;
    return cacheBytes >= 16L << 20
        ? Diagnosis.ok("memory", finding)
        : Diagnosis.warn("memory", finding, "give the container at least 512 MiB");
  }

  /** Whether secrets can be locked into memory. */
  public static Diagnosis lockableMemory() {
    OptionalLong lockable;
    try {
      lockable = ProcessControl.lockableBytes();
    } catch (SystemCallException e) {
      return Diagnosis.warn("locked memory", "the limit is unknown: " + e.getMessage(), "");
    }
    return lockableMemory(lockable);
  }

  static Diagnosis lockableMemory(OptionalLong lockable) {
    if (lockable.isEmpty() || lockable.getAsLong() >= WANTED_LOCKABLE_BYTES) {
      return Diagnosis.ok(
          "locked memory",
          lockable.isEmpty() ? "no limit" : "up to " + (lockable.getAsLong() >> 10) + " KiB");
    }
    return Diagnosis.warn(
        "locked memory",
        "only " + (lockable.getAsLong() >> 10) + " KiB: keys may be swapped out",
        "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited");
  }

  /**
   * Where {@code credential:} keys are.
   *
   * @param directory {@code $CREDENTIALS_DIRECTORY}
   */
  public static Diagnosis credentials(@Nullable String directory) {
    if (directory == null || directory.isEmpty()) {
      return Diagnosis.ok(
          "credentials", "none handed over (credential: keys need LoadCredential=)");
    }
    Path path = Path.of(directory);
    return Files.isDirectory(path) && Files.isReadable(path)
        ? Diagnosis.ok("credentials", "in " + directory)
        : Diagnosis.warn(
            "credentials",
            "CREDENTIALS_DIRECTORY names " + directory + ", which cannot be read",
            "let the service manager set it (LoadCredential= in the unit)");
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
