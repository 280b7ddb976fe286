package io.unsealfs.daemon.status;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.unsealfs.storage.chunk.ChunkFigures;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.StoreProtocolException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The figures of the object store behind a mount; object-storage.md section 7. Keys, buckets and
 * endpoints are in none of them.
 */
final class StoreMetrics {
  private final MeterRegistry registry;
  private final Supplier<Optional<MountStatus.Store>> now;

  private StoreMetrics(MeterRegistry registry, Supplier<Optional<MountStatus.Store>> now) {
    this.registry = registry;
    this.now = now;
  }

  /**
   * Adds them.
   *
   * @param first the store as it is now
   * @param now what it says of itself at a scrape
   */
  static void register(
      MeterRegistry registry, MountStatus.Store first, Supplier<Optional<MountStatus.Store>> now) {
    StoreMetrics metrics = new StoreMetrics(registry, now);
    metrics.source(Tags.of("provider", first.provider()));
    metrics.chunks();
    metrics.ahead();
    metrics.credentials();
    if (first.listing().isPresent()) {
      metrics.listing();
    }
  }

  private void source(Tags tags) {
    String came = "Fetched from the object store";
    bytes("unsealfs.source", came, tags.and("reason", "demand"), s -> s.demandBytes());
    bytes("unsealfs.source", came, tags.and("reason", "prefetch"), s -> s.prefetchBytes());
    bytes("unsealfs.source", came, tags.and("reason", "warm"), s -> s.warmBytes());
    bytes("unsealfs.source", came, tags.and("reason", "meta"), s -> s.indexBytes());
    Tags read = tags.and("op", "read");
    requests(
        read.and("outcome", "ok"),
        s -> s.requests() - s.failedRequests(),
        s -> s.pace().requestNanos());
    requests(
        read.and("outcome", "failed"), s -> s.failedRequests(), s -> s.pace().failedRequestNanos());
    Tags list = tags.and("op", "list");
    requests(
        list.and("outcome", "ok"),
        s -> listed(s, l -> l.pages() - l.failedPages()),
        s -> listed(s, l -> l.pageNanos()));
    requests(
        list.and("outcome", "failed"),
        s -> listed(s, l -> l.failedPages()),
        s -> listed(s, l -> l.failedPageNanos()));
    Tags head = tags.and("op", "head");
    requests(
        head.and("outcome", "ok"),
        s -> lookedUp(s, h -> h.requests() - h.failed()),
        s -> lookedUp(s, h -> h.nanos()));
    requests(
        head.and("outcome", "failed"),
        s -> lookedUp(s, h -> h.failed()),
        s -> lookedUp(s, h -> h.failedNanos()));
    FunctionTimer.builder(
            "unsealfs.source.first.byte",
            this,
            m -> (long) m.value(s -> s.requests() - s.failedRequests()),
            m -> m.value(s -> s.pace().firstByteNanos()),
            TimeUnit.NANOSECONDS)
        .description("Until an answer began")
        .tags(tags)
        .register(registry);
    for (ChunkFigures.RetryCause cause : ChunkFigures.RetryCause.values()) {
      String word = cause.name().toLowerCase(Locale.ROOT);
      counter(
          "unsealfs.source.retries",
          "Requests repeated",
          tags.and("cause", word),
          s -> counted(s.faults().retries(), word));
    }
    String hedges = "unsealfs.source.hedges";
    String doubled = "Requests doubled";
    counter(hedges, doubled, tags.and("won", "true"), s -> s.faults().hedgesWon());
    counter(
        hedges,
        doubled,
        tags.and("won", "false"),
        s -> s.faults().hedges() - s.faults().hedgesWon());
    counter("unsealfs.source.throttled", "Times it asked for less", tags, s -> s.throttled());
    counter("unsealfs.source.stale", "Objects found replaced", tags, s -> s.faults().stale());
    for (StoreProtocolException.Fault fault : StoreProtocolException.Fault.values()) {
      String word = fault.name().toLowerCase(Locale.ROOT);
      counter(
          "unsealfs.source.protocol.faults",
          "Answers not as agreed",
          tags.and("kind", word),
          s -> counted(s.faults().protocol(), word));
    }
    gauge("unsealfs.source.inflight", "Requests under way", tags, s -> s.inFlight());
    gauge(
        "unsealfs.source.concurrency.limit",
        "Most requests at a time, now",
        tags,
        s -> s.pace().concurrencyLimit());
  }

  private void chunks() {
    String cache = "unsealfs.chunk.cache";
    String what = "Chunks of ciphertext, segments of the disk cache";
    Tags ram = Tags.of("tier", "ram");
    Tags disk = Tags.of("tier", "disk");
    counter(cache, what, ram.and("result", "hit"), s -> s.memoryHits());
    counter(cache, what, ram.and("result", "miss"), s -> s.memoryMisses());
    counter(cache, what, ram.and("result", "join"), s -> s.chunks().joins());
    counter(cache, what, disk.and("result", "hit"), s -> s.diskHits());
    counter(cache, what, disk.and("result", "miss"), s -> s.diskMisses());
    gaugeBytes(cache + ".size", "Held", ram, s -> s.chunks().heldBytes());
    gaugeBytes(cache + ".size", "Held", disk, s -> s.diskBytes());
    String evictions = cache + ".evictions";
    String dropped = "Dropped for room";
    counter(evictions, dropped, ram.and("cause", "size"), s -> s.chunks().evictions());
    counter(
        evictions,
        dropped,
        disk.and("cause", "size"),
        s -> s.chunks().diskEvictions() - s.chunks().diskEvictionsForSpace());
    counter(
        evictions, dropped, disk.and("cause", "space"), s -> s.chunks().diskEvictionsForSpace());
    counter(cache + ".corrupt", "Rot on the disk", Tags.empty(), s -> s.chunks().diskCorrupt());
    counter(
        "unsealfs.chunk.distrusted",
        "Fetched again since they were not authentic",
        Tags.empty(),
        s -> s.faults().distrusted());
  }

  private void ahead() {
    String name = "unsealfs.prefetch";
    bytes(name, "Fetched ahead", Tags.of("result", "used"), s -> s.prefetchUsedBytes());
    bytes(name, "Fetched ahead", Tags.of("result", "wasted"), s -> s.prefetchWastedBytes());
    counter(name + ".resets", "Sequences that ended", Tags.empty(), s -> s.ahead().resets());
    gauge(name + ".streams", "Sequences followed", Tags.empty(), s -> s.ahead().streams());
    gaugeBytes(name + ".window", "Ahead at most", Tags.empty(), s -> s.ahead().windowBytes());
    gaugeBytes(name + ".budget.used", "Memory in use", Tags.empty(), s -> s.chunks().heldBytes());
    gaugeBytes(name + ".budget", "Memory at most", Tags.empty(), s -> s.chunks().budgetBytes());
  }

  private void credentials() {
    Gauge.builder(
            "unsealfs.credentials.expires",
            this,
            m ->
                m.now
                    .get()
                    .flatMap(s -> s.credentials().expiresInSeconds())
                    .map(Long::doubleValue)
                    .orElse(Double.NaN))
        .description("Until the store credentials end; NaN without an end")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
    String refresh = "unsealfs.credentials.refresh";
    counter(refresh, "Fetches", Tags.of("outcome", "ok"), s -> s.credentials().fetches());
    counter(refresh, "Fetches", Tags.of("outcome", "failed"), s -> s.credentials().failedFetches());
  }

  private void listing() {
    gauge("unsealfs.listing.objects", "Files", Tags.empty(), s -> listed(s, l -> l.objects()));
    Gauge.builder(
            "unsealfs.listing.duration",
            this,
            m -> m.value(s -> listed(s, l -> l.millis())) / 1000.0)
        .description("Of the last listing that is shown")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
    for (KeyFault cause : KeyFault.values()) {
      String word = cause.name().toLowerCase(Locale.ROOT);
      gauge(
          "unsealfs.listing.skipped",
          "Keys that can be no files",
          Tags.of("cause", word),
          s -> listed(s, l -> skipped(l, word)));
    }
    String refreshes = "unsealfs.listing.refreshes";
    String looks = "Times it was listed again";
    counter(refreshes, looks, Tags.of("outcome", "ok"), s -> listed(s, l -> l.refreshes()));
    counter(
        refreshes, looks, Tags.of("outcome", "failed"), s -> listed(s, l -> l.failedRefreshes()));
  }

  private static double counted(List<MountStatus.Counted> counts, String what) {
    return counts.stream()
        .filter(counted -> counted.what().equals(what))
        .mapToLong(MountStatus.Counted::count)
        .sum();
  }

  private static long skipped(MountStatus.Listing listing, String cause) {
    return listing.skipped().stream()
        .filter(skipped -> skipped.cause().equals(cause))
        .mapToLong(MountStatus.Skipped::keys)
        .sum();
  }

  private static long listed(MountStatus.Store store, ToLongFunction<MountStatus.Listing> figure) {
    return store.listing().map(figure::applyAsLong).orElse(0L);
  }

  private static long lookedUp(MountStatus.Store store, ToLongFunction<MountStatus.Heads> figure) {
    return store.heads().map(figure::applyAsLong).orElse(0L);
  }

  private double value(ToDoubleFunction<MountStatus.Store> figure) {
    return now.get().map(figure::applyAsDouble).orElse(0.0);
  }

  private void requests(
      Tags tags,
      ToLongFunction<MountStatus.Store> count,
      ToDoubleFunction<MountStatus.Store> nanos) {
    FunctionTimer.builder(
            "unsealfs.source.requests",
            this,
            m -> (long) m.value(s -> (double) count.applyAsLong(s)),
            m -> m.value(nanos),
            TimeUnit.NANOSECONDS)
        .description("Requests to the object store, until the last byte")
        .tags(tags)
        .register(registry);
  }

  private void counter(
      String name, String what, Tags tags, ToDoubleFunction<MountStatus.Store> figure) {
    FunctionCounter.builder(name, this, m -> m.value(figure))
        .description(what)
        .tags(tags)
        .register(registry);
  }

  private void bytes(
      String name, String what, Tags tags, ToDoubleFunction<MountStatus.Store> figure) {
    FunctionCounter.builder(name, this, m -> m.value(figure))
        .description(what)
        .baseUnit("bytes")
        .tags(tags)
        .register(registry);
  }

  private void gauge(
      String name, String what, Tags tags, ToDoubleFunction<MountStatus.Store> figure) {
    Gauge.builder(name, this, m -> m.value(figure))
        .description(what)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }

  private void gaugeBytes(
      String name, String what, Tags tags, ToDoubleFunction<MountStatus.Store> figure) {
    Gauge.builder(name, this, m -> m.value(figure))
        .description(what)
        .tags(tags)
        .baseUnit("bytes")
        .strongReference(true)
        .register(registry);
  }
}
