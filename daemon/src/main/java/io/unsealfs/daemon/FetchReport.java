package io.unsealfs.daemon;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.storage.chunk.ChunkFigures;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What was fetched from a bucket, in one line for the log. */
final class FetchReport {
  private FetchReport() {}

  /** The same for who asks the daemon; empty for a source that fetches nothing. */
  static Optional<MountStatus.Store> status(String source, Place place) {
    String provider = source.substring(0, Math.max(0, source.indexOf("://")));
    return place.figures().map(figures -> store(provider, figures, place));
  }

  private static MountStatus.Store store(String provider, ChunkFigures figures, Place place) {
    return new MountStatus.Store(
        provider,
        figures.requests(),
        figures.failedRequests(),
        figures.demandBytes(),
        figures.prefetchBytes(),
        figures.warmBytes(),
        figures.indexBytes(),
        figures.throttled(),
        figures.inFlight(),
        figures.prefetchUsedBytes(),
        figures.prefetchWastedBytes(),
        figures.memoryHits(),
        figures.memoryMisses(),
        figures.disk().hits(),
        figures.disk().misses(),
        figures.disk().bytes(),
        new MountStatus.Faults(
            figures.hedges(),
            figures.hedgesWon(),
            figures.staleObjects(),
            counted(figures.retriesByCause()),
            counted(figures.protocolFaultsByKind()),
            figures.distrusted()),
        new MountStatus.Pace(
            figures.firstByteNanos(),
            figures.requestNanos(),
            figures.failedRequestNanos(),
            figures.concurrencyLimit()),
        new MountStatus.Ahead(figures.streams(), figures.windowBytes(), figures.prefetchResets()),
        new MountStatus.Chunks(
            figures.memoryJoins(),
            figures.evictions(),
            figures.memoryBytes(),
            figures.budgetBytes(),
            figures.disk().evictions(),
            figures.disk().evictionsForSpace(),
            figures.disk().corrupt()),
        place.listing(),
        Optional.of(place.heads()),
        place.credentials());
  }

  private static List<MountStatus.Counted> counted(Map<? extends Enum<?>, Long> counts) {
    return counts.entrySet().stream()
        .map(count ->
            new MountStatus.Counted(
                count.getKey().name().toLowerCase(Locale.ROOT), count.getValue()))
        .sorted(Comparator.comparing(MountStatus.Counted::what))
        .toList();
  }

  static String line(ChunkFigures figures) {
    long fetched =
        figures.demandBytes()
            + figures.prefetchBytes()
            + figures.warmBytes()
            + figures.indexBytes();
    List<String> parts = new ArrayList<>();
    parts.add("bucket: " + figures.requests() + " requests");
    parts.add(fetched + " bytes fetched for " + figures.readBytes() + " bytes read");
    parts.add(figures.retries() + " repeated");
    parts.add(figures.hedgesWon() + " of " + figures.hedges() + " doubles were first");
    parts.add(figures.prefetchWastedBytes() + " bytes ahead in vain");
    some(parts, figures.throttled(), "times asked for less");
    some(parts, figures.staleObjects(), "objects replaced");
    some(parts, figures.protocolFaults(), "faults of the protocol");
    some(parts, figures.distrusted(), "chunks not authentic");
    ChunkFigures.DiskFigures disk = figures.disk();
    if (!disk.equals(ChunkFigures.DiskFigures.NONE)) {
      parts.add(
          "disk: "
              + disk.hits()
              + " hits, "
              + disk.misses()
              + " misses, "
              + disk.writes()
              + " written, "
              + disk.evictions()
              + " evicted, "
              + disk.bytes()
              + " bytes");
      some(parts, disk.corrupt(), "damaged");
      some(parts, disk.faults(), "faults");
    }
    return String.join(", ", parts);
  }

  private static void some(List<String> parts, long count, String what) {
    if (count > 0) {
      parts.add(count + " " + what);
    }
  }
}
