package io.unsealfs.daemon.status;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.unsealfs.mount.Operation;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The figures of a mount as Prometheus reads them; listed in docs/operations.md. Made at the first
 * scrape, so that a mount that nobody scrapes never loads Micrometer; what is counted before is
 * counted elsewhere. No tag holds a name, a key or anything else that is not one of a few words.
 */
public final class MountMetrics implements AutoCloseable {
  /** What every mount sees; the others hardly ever happen. */
  private static final Set<Operation> OPERATIONS =
      EnumSet.complementOf(
          EnumSet.of(Operation.INIT, Operation.DESTROY, Operation.FORGET, Operation.INTERRUPT));

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final Supplier<MountStatus> source;
  private final KeyFigures keys;
  private final Set<KeyFigures.Kind> fetchesKnown = new HashSet<>(); // guarded by this
  private final Set<KeyFigures.Kind> evidenceKnown = new HashSet<>(); // guarded by this
  private MountStatus status; // guarded by this
  private boolean formatKnown; // guarded by this

  /**
   * Figures of one mount.
   *
   * @param states words that the state can be, in lower case
   */
  public MountMetrics(
      Supplier<MountStatus> source, RequestFigures requests, KeyFigures keys, List<String> states) {
    this.source = source;
    this.keys = keys;
    this.status = source.get();
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
    gauge("unsealfs.build", "1", Tags.of("version", status.version()), now -> 1);
    for (String state : states) {
      gauge(
          "unsealfs.mount.state",
          "1 for the state the mount is in",
          Tags.of("state", state),
          now -> now.state().equals(state) ? 1 : 0);
    }
    requests(requests);
    reading();
    failures();
    key();
    resident();
  }

  private void requests(RequestFigures requests) {
    for (Operation operation : OPERATIONS) {
      for (RequestFigures.Outcome outcome : RequestFigures.Outcome.values()) {
        FunctionTimer.builder(
                "unsealfs.fuse.requests",
                requests,
                figures -> figures.count(operation, outcome),
                figures -> figures.nanos(operation, outcome),
                TimeUnit.NANOSECONDS)
            .description("Requests of the kernel")
            .tags("operation", operation.text(), "outcome", outcome.text())
            .register(registry);
      }
    }
    bytes("unsealfs.read", "Brought to the kernel", Tags.empty(), s -> s.requests().readBytes());
    gauge("unsealfs.files.open", "Files open now", Tags.empty(), s -> s.requests().openFiles());
  }

  private void reading() {
    String name = "unsealfs.plain.cache";
    String what = "Extents of decrypted blocks";
    counter(name, what, Tags.of("result", "hit"), s -> s.cache().hits());
    counter(name, what, Tags.of("result", "miss"), s -> s.cache().misses());
    counter(name, what, Tags.of("result", "join"), s -> s.cache().joins());
    counter(
        name + ".evictions", "Dropped for want of room", Tags.empty(), s -> s.cache().evictions());
    gaugeBytes(name + ".size", "Held", s -> s.cache().heldBytes());
    gaugeBytes(name + ".capacity", "At most", s -> s.cache().capacityBytes());
    bytes(
        "unsealfs.plain.served",
        "Decrypted for readers",
        Tags.of("from", "cache"),
        s -> s.cache().copiedBytes());
    bytes(
        "unsealfs.plain.served",
        "Decrypted for readers",
        Tags.of("from", "source"),
        s -> s.cache().bypassedBytes());
    FunctionTimer.builder(
            "unsealfs.decrypt",
            this,
            m -> m.now().work().runs(),
            m -> m.now().work().decryptNanos(),
            TimeUnit.NANOSECONDS)
        .description("Runs of blocks decrypted in one go")
        .register(registry);
    counter(
        "unsealfs.readahead",
        "Extents decrypted ahead",
        Tags.of("result", "used"),
        s -> s.readAhead().used());
    counter(
        "unsealfs.readahead",
        "Extents decrypted ahead",
        Tags.of("result", "wasted"),
        s -> s.readAhead().wasted());
  }

  /** What is known only once the volume is open. */
  private void opened() {
    if (!formatKnown && status.format().isPresent()) {
      formatKnown = true;
      counter(
          "unsealfs.auth.failures",
          "Reads of damaged data",
          Tags.of("format", status.format().get(), "healed", "false"),
          s -> s.errors().damagedReads());
      counter(
          "unsealfs.auth.failures",
          "Reads of damaged data",
          Tags.of("format", status.format().get(), "healed", "true"),
          s -> s.work().healed());
      status
          .store()
          .ifPresentOrElse(
              store -> StoreMetrics.register(registry, store, () -> now().store()), this::local);
    }
  }

  /** What a bucket has for itself is known of local files as well. */
  private void local() {
    Tags tags = Tags.of("provider", "local");
    bytes(
        "unsealfs.source",
        "Read of the source",
        tags.and("reason", "demand"),
        s -> s.work().readBytes());
    Tags read = tags.and("op", "read");
    reads(read.and("outcome", "ok"), MountStatus.Work::reads, MountStatus.Work::readNanos);
    reads(
        read.and("outcome", "failed"),
        MountStatus.Work::failedReads,
        MountStatus.Work::failedReadNanos);
  }

  private void reads(
      Tags tags, ToLongFunction<MountStatus.Work> count, ToDoubleFunction<MountStatus.Work> nanos) {
    FunctionTimer.builder(
            "unsealfs.source.requests",
            this,
            m -> count.applyAsLong(m.now().work()),
            m -> nanos.applyAsDouble(m.now().work()),
            TimeUnit.NANOSECONDS)
        .description("Reads of the source")
        .tags(tags)
        .register(registry);
  }

  private void failures() {
    gauge(
        "unsealfs.damaged.objects",
        "Found damaged, each once",
        Tags.empty(),
        s -> s.errors().damagedObjects());
    counter(
        "unsealfs.requests.failed",
        "Failed because of the data behind them",
        Tags.empty(),
        s -> s.errors().failed());
    counter(
        "unsealfs.faults",
        "Unexpected faults of the daemon itself",
        Tags.empty(),
        s -> s.errors().unexpected());
  }

  private void key() {
    Gauge.builder(
            "unsealfs.key.lease.remaining",
            this,
            m -> m.now().key().expiresInSeconds().map(Long::doubleValue).orElse(Double.NaN))
        .description("Until the key's lease ends; NaN without an end")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
    counter(
        "unsealfs.key.lease.renewals",
        "Renewals",
        Tags.of("outcome", "ok"),
        s -> s.key().renewals());
    counter(
        "unsealfs.key.lease.renewals",
        "Renewals",
        Tags.of("outcome", "failed"),
        s -> s.key().failedRenewals());
  }

  private void resident() {
    gauge("unsealfs.resident.on", "1 where it is on", Tags.empty(), s -> s.resident().on() ? 1 : 0);
    gaugeBytes("unsealfs.resident.size", "Held", s -> s.resident().heldBytes());
    gaugeBytes("unsealfs.resident.capacity", "At most", s -> s.resident().budgetBytes());
    gauge(
        "unsealfs.resident.files",
        "There or being filled",
        Tags.empty(),
        s -> s.resident().files());
    counter(
        "unsealfs.resident.fills",
        "Files filled",
        Tags.of("outcome", "ok"),
        s -> s.resident().fills());
    counter(
        "unsealfs.resident.fills",
        "Files filled",
        Tags.of("outcome", "given_up"),
        s -> s.resident().givenUp());
    counter(
        "unsealfs.resident.refused",
        "No room for an opener",
        Tags.empty(),
        s -> s.resident().refused());
    counter(
        "unsealfs.resident.evictions",
        "Files dropped",
        Tags.empty(),
        s -> s.resident().evictions());
  }

  private void counter(String name, String what, Tags tags, ToDoubleFunction<MountStatus> figure) {
    FunctionCounter.builder(name, this, m -> figure.applyAsDouble(m.now()))
        .description(what)
        .tags(tags)
        .register(registry);
  }

  private void bytes(String name, String what, Tags tags, ToDoubleFunction<MountStatus> figure) {
    FunctionCounter.builder(name, this, m -> figure.applyAsDouble(m.now()))
        .description(what)
        .baseUnit("bytes")
        .tags(tags)
        .register(registry);
  }

  private void gauge(String name, String what, Tags tags, ToDoubleFunction<MountStatus> figure) {
    Gauge.builder(name, this, m -> figure.applyAsDouble(m.now()))
        .description(what)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }

  private void gaugeBytes(String name, String what, ToDoubleFunction<MountStatus> figure) {
    Gauge.builder(name, this, m -> figure.applyAsDouble(m.now()))
        .description(what)
        .baseUnit("bytes")
        .strongReference(true)
        .register(registry);
  }

  private synchronized MountStatus now() {
    return status;
  }

  /** All figures, from one look, in the text format of Prometheus. */
  public synchronized String scrape() {
    status = source.get();
    opened();
    keyTimers("unsealfs.key.fetch", "provider", "Fetches of keys", keys.fetches(), fetchesKnown);
    keyTimers("unsealfs.attest", "tee", "Makings of evidence", keys.evidence(), evidenceKnown);
    return registry.scrape();
  }

  private void keyTimers(
      String name,
      String tag,
      String what,
      Map<KeyFigures.Kind, KeyFigures.Timing> timings,
      Set<KeyFigures.Kind> known) {
    timings.forEach((kind, timing) -> {
      if (known.add(kind)) {
        FunctionTimer.builder(
                name,
                timing,
                KeyFigures.Timing::count,
                KeyFigures.Timing::nanos,
                TimeUnit.NANOSECONDS)
            .description(what)
            .tags(tag, kind.by(), "outcome", kind.outcome())
            .register(registry);
      }
    });
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
