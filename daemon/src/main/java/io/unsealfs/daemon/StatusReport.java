package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.CacheFigures;
import io.unsealfs.block.WorkFigures;
import io.unsealfs.daemon.lease.LeaseView;
import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.daemon.status.RequestFigures;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.Operation;
import io.unsealfs.os.BootClock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Puts together what a mount says of itself.
 *
 * @param version of the program
 * @param mountPoint as text
 * @param source as it was named
 * @param idle without use until the mount ends
 * @param store figures of the object store behind the source; empty for a local one
 */
record StatusReport(
    String version,
    String mountPoint,
    String source,
    MountSession session,
    BlockCache cache,
    FailureLog failures,
    MountCare care,
    ResidentChoice resident,
    LeaseCare lease,
    long readAheadBytes,
    Optional<Duration> idle,
    Supplier<Optional<MountStatus.Store>> store,
    Instant started,
    long startedNanos)
    implements Supplier<MountStatus> {

  @Override
  public MountStatus get() {
    Optional<Mount> mount = session.mount();
    CacheFigures cached = cache.figures();
    String agreed = failures.agreement();
    return new MountStatus(
        version,
        ProcessHandle.current().pid(),
        mountPoint,
        source,
        session.state().word(),
        time(session.since()),
        time(started),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos),
        session.format(),
        agreed.isEmpty() ? Optional.empty() : Optional.of(agreed),
        key(),
        new MountStatus.Cache(
            cached.capacity(),
            cached.bytesHeld(),
            cached.hits(),
            cached.misses(),
            cached.joinedLoads(),
            cached.evictions(),
            cached.copiedBytes(),
            cached.bypassedBytes()),
        work(cached.work()),
        new MountStatus.ReadAhead(readAheadBytes, cached.usedReadAhead(), cached.wastedReadAhead()),
        care.preload(),
        resident.status(mount),
        requests(mount),
        new MountStatus.Errors(
            failures.failedRequests(),
            failures.damagedReads(),
            failures.damagedObjects(),
            failures.unexpectedFaults(),
            failures.byFile()),
        store.get(),
        idle.map(Duration::toSeconds));
  }

  private static MountStatus.Work work(WorkFigures work) {
    return new MountStatus.Work(
        work.runs(),
        work.decryptNanos(),
        work.reads(),
        work.readBytes(),
        work.readNanos(),
        work.failedReads(),
        work.failedReadNanos(),
        work.healed());
  }

  private MountStatus.Requests requests(Optional<Mount> mount) {
    RequestFigures requests = failures.requests();
    long reads = 0;
    for (RequestFigures.Outcome outcome : RequestFigures.Outcome.values()) {
      reads += requests.count(Operation.READ, outcome);
    }
    return new MountStatus.Requests(
        requests.count(),
        reads,
        requests.readBytes(),
        requests.count(RequestFigures.Outcome.REFUSED),
        requests.count(RequestFigures.Outcome.FAILED),
        mount.map(Mount::openFiles).orElse(0));
  }

  private MountStatus.Key key() {
    Optional<LeaseView> view = lease.view();
    OptionalLong left =
        view.isEmpty() ? OptionalLong.empty() : view.get().leftNanos(BootClock.nanos());
    return new MountStatus.Key(
        session.keyProvider(),
        view.map(LeaseView::standing).orElse("none"),
        left.isEmpty()
            ? Optional.empty()
            : Optional.of(TimeUnit.NANOSECONDS.toSeconds(left.getAsLong())),
        view.map(LeaseView::renewals).orElse(0L),
        view.map(LeaseView::failedRenewals).orElse(0L),
        view.flatMap(LeaseView::lastFailure),
        lease.onExpiry().word());
  }

  private static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
