package io.unsealfs.daemon.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A status as lines for people. Names from volumes cannot forge lines or control a terminal. */
public final class StatusText {
  private static final int ERRORS_SHOWN = 5;

  private StatusText() {}

  /**
   * The lines.
   *
   * @param before an earlier status of the same mount, to tell what goes on now; empty without
   */
  public static List<String> lines(MountStatus now, Optional<MountStatus> before) {
    List<String> lines = new ArrayList<>();
    lines.add(
        now.mountPoint()
            + ": "
            + now.state()
            + " since "
            + now.since()
            + now.format().map(format -> ", " + format).orElse("")
            + ", from "
            + now.source()
            + ", process "
            + now.pid());
    lines.add(line("read", reading(now, before)));
    lines.add(line("cache", cache(now, before)));
    lines.add(line("read-ahead", readAhead(now)));
    now.preload().ifPresent(preload -> lines.add(line("preload", preload(preload))));
    lines.add(line("resident", resident(now.resident())));
    now.store().ifPresent(store -> lines.add(line("store", store(now, before, store))));
    lines.add(line("key", key(now.key())));
    now.idleUnmountSeconds()
        .ifPresent(seconds -> lines.add(line("idle", "unmounts after " + time(seconds))));
    lines.add(line("errors", errors(now.errors())));
    now.errors().byFile().stream()
        .limit(ERRORS_SHOWN)
        .forEach(file ->
            lines.add(
                "    "
                    + file.last()
                    + " "
                    + file.operation()
                    + " "
                    + file.file()
                    + ": "
                    + file.what()
                    + (file.count() > 1 ? " (" + file.count() + " times)" : "")));
    return lines.stream().map(StatusText::harmless).toList();
  }

  private static String line(String what, String text) {
    return String.format("  %-11s%s", what, text);
  }

  private static String reading(MountStatus now, Optional<MountStatus> before) {
    MountStatus.Requests requests = now.requests();
    return bytes(requests.readBytes())
        + " in "
        + requests.reads()
        + " reads"
        + rate(now, before, requests.readBytes(), earlier -> earlier.requests().readBytes())
        + ", "
        + requests.openFiles()
        + (requests.openFiles() == 1 ? " file open" : " files open");
  }

  /** A figure of an earlier status. */
  private interface Figure {
    long of(MountStatus status);
  }

  private static String rate(
      MountStatus now, Optional<MountStatus> before, long value, Figure figure) {
    if (before.isEmpty() || before.get().pid() != now.pid()) {
      return "";
    }
    long millis = now.uptimeMillis() - before.get().uptimeMillis();
    long grown = value - figure.of(before.get());
    return millis <= 0 || grown < 0 ? "" : ", " + bytes(grown * 1000 / millis) + "/s now";
  }

  private static String cache(MountStatus now, Optional<MountStatus> before) {
    MountStatus.Cache cache = now.cache();
    String text =
        bytes(cache.heldBytes())
            + " of "
            + bytes(cache.capacityBytes())
            + hitRate(cache.hits() + cache.joins(), cache.misses(), "")
            + ", "
            + cache.evictions()
            + " evictions, "
            + bytes(cache.bypassedBytes())
            + " past it";
    return before
        .filter(earlier -> earlier.pid() == now.pid())
        .map(MountStatus::cache)
        .map(earlier ->
            text
                + hitRate(
                    cache.hits() + cache.joins() - earlier.hits() - earlier.joins(),
                    cache.misses() - earlier.misses(),
                    " now"))
        .orElse(text);
  }

  private static String hitRate(long hits, long misses, String when) {
    long all = hits + misses;
    return hits < 0 || misses < 0 || all == 0
        ? ""
        : ", " + Math.round(100.0 * hits / all) + " % hits" + when;
  }

  private static String readAhead(MountStatus now) {
    MountStatus.ReadAhead ahead = now.readAhead();
    return ahead.windowBytes() == 0
        ? "off"
        : "up to "
            + bytes(ahead.windowBytes())
            + ", "
            + ahead.used()
            + " extents used, "
            + ahead.wasted()
            + " in vain";
  }

  private static String preload(MountStatus.Preload preload) {
    return preload.state()
        + ", "
        + preload.files()
        + " files, "
        + bytes(preload.bytes())
        + (preload.failedFiles() == 0 ? "" : ", " + preload.failedFiles() + " not readable");
  }

  static String resident(MountStatus.Resident resident) {
    return !resident.on()
        ? "off: " + resident.reason()
        : "on: "
            + resident.files()
            + " files, "
            + bytes(resident.heldBytes())
            + " of "
            + bytes(resident.budgetBytes())
            + ", "
            + resident.fills()
            + " filled, "
            + resident.givenUp()
            + " given up, "
            + resident.refused()
            + " refused, "
            + resident.evictions()
            + " evicted ("
            + resident.reason()
            + ")";
  }

  private static String store(
      MountStatus now, Optional<MountStatus> before, MountStatus.Store store) {
    long fetched = store.demandBytes() + store.prefetchBytes() + store.warmBytes();
    return store.provider()
        + ", "
        + bytes(fetched)
        + " fetched"
        + rate(
            now, before, fetched, earlier -> earlier.store().map(s -> s.fetchedBytes()).orElse(0L))
        + ", prefetch "
        + bytes(store.prefetchUsedBytes())
        + " used and "
        + bytes(store.prefetchWastedBytes())
        + " in vain"
        + hitRate(store.memoryHits(), store.memoryMisses(), " in memory")
        + hitRate(store.diskHits(), store.diskMisses(), " on disk")
        + ", "
        + store.faults().retried()
        + " retries, "
        + store.throttled()
        + " throttled";
  }

  private static String key(MountStatus.Key key) {
    if (key.provider().isEmpty()) {
      return "none released";
    }
    StringBuilder text = new StringBuilder(key.provider().get());
    if (key.lease().equals("none")) {
      return text.append(", no lease").toString();
    }
    text.append(", lease ").append(key.lease());
    key.expiresInSeconds().ifPresent(left -> text.append(", ends in ").append(time(left)));
    text.append(", renewed ").append(key.renewals()).append(" times");
    key.lastFailure().ifPresent(why -> text.append("; not renewed: ").append(why));
    return text.append("; then ").append(key.onExpiry()).toString();
  }

  private static String errors(MountStatus.Errors errors) {
    return errors.failed() == 0 && errors.unexpected() == 0
        ? "none"
        : errors.failed()
            + " failed requests, "
            + errors.damagedObjects()
            + " damaged objects"
            + (errors.unexpected() == 0 ? "" : ", " + errors.unexpected() + " faults of our own");
  }

  /** {@code 12.3 MiB}. */
  static String bytes(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double rest = bytes;
    int unit = 0;
    while (rest >= 1024 && unit < units.length - 1) {
      rest /= 1024;
      unit++;
    }
    return unit == 0
        ? bytes + " B"
        : String.format(Locale.ROOT, rest < 10 ? "%.2f %s" : "%.1f %s", rest, units[unit]);
  }

  private static String time(long seconds) {
    return seconds < 120
        ? seconds + " s"
        : seconds < 7200 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }

  private static String harmless(String line) {
    return line.replaceAll(
        "[\\p{Cntrl}\\u0080-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]", "?");
  }
}
