package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.daemon.service.ServiceManager;
import io.unsealfs.daemon.start.CipherWarmUp;
import io.unsealfs.daemon.start.FetchWarmUp;
import io.unsealfs.daemon.status.RequestFigures;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs mount}. */
@Command(
    name = "mount",
    description =
        "Attests, fetches the key, opens the volume and mounts it. Returns 0 once the tree is"
            + " readable; a daemon stays behind unless --foreground is given.")
class MountCommand implements Callable<Integer>, Chatty {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(index = "1", paramLabel = "MOUNTPOINT", description = "An empty directory.")
  String mountPoint = "";

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(
      names = {"-f", "--foreground"},
      description = "Stay in the foreground, for service managers and containers.")
  boolean foreground;

  @Option(
      names = "-o",
      paramLabel = "OPTIONS",
      parameterConsumer = OptionList.class,
      description =
          "The options below as a list with underscores, as in -o allow_other,cache=256M.")
  @Nullable String optionList; // never set: its words become options, see OptionList

  @Option(names = "--allow-other", description = "Let users other than the mounting one look in.")
  boolean allowOther;

  @Option(names = "--noexec", description = "Let nobody execute a file of the tree.")
  boolean noExec;

  @Option(
      names = "--allow-uid",
      paramLabel = "UID",
      split = ",",
      description = "Let only this user and root look in (enforced by the kernel).")
  List<Integer> allowUids = List.of();

  @Option(names = "--uid", description = "Show this owner instead of the stored one.")
  @Nullable Integer uid;

  @Option(names = "--gid", description = "Show this group instead of the stored one.")
  @Nullable Integer gid;

  @Option(names = "--umask", paramLabel = "OCTAL", description = "Permission bits to take away.")
  @Nullable String umask;

  @Option(names = "--fsname", description = "Source as the mount table shows it (default: SOURCE).")
  @Nullable String fsName;

  @Mixin ReadingOptions reading = new ReadingOptions();

  @Mixin ResidentOptions resident = new ResidentOptions();

  @Mixin RefreshOptions refresh = new RefreshOptions();

  @Mixin LeaseOptions lease = new LeaseOptions();

  @Mixin SeeingOptions seeing = new SeeingOptions();

  @Option(
      names = "--retry-for",
      paramLabel = "DURATION",
      description =
          "How long to try again when the key service or the storage cannot be reached at the"
              + " start: 90s, 15m (default: 0, not at all). A key service that says no is not asked"
              + " again.")
  @Nullable String retryFor;

  @Option(
      names = "--sloppy",
      description = "Pass over words in a later -o list that are no option, as mount -s asks for.")
  boolean sloppy;

  @Option(
      names = "--dry-run",
      description = "Look at options and source only: no key is fetched, nothing is mounted.")
  boolean dryRun;

  @Option(
      names = "--transport",
      paramLabel = "auto|kernel|jnr",
      defaultValue = "auto",
      description = "How to speak FUSE (default: ${DEFAULT-VALUE}).")
  String transport = "auto";

  @Option(
      names = "--log-file",
      paramLabel = "FILE",
      description = "Where the daemon logs (default: the system log, or a file it names).")
  @Nullable Path logFile;

  @Option(names = "--log-names", description = "Plaintext file names may appear in the log.")
  boolean logNames;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "How long a stop waits for busy files (default: ${DEFAULT-VALUE}).")
  int graceSeconds = 10;

  @Option(
      names = "--make-mountpoint",
      description = "Make MOUNTPOINT where it is missing; its parent must exist.")
  boolean makeMountPoint;

  MountCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ProcessControl.forbidDumps();
    Path target = MountPoint.canonical(Path.of(mountPoint));
    refuseInsideSource(target);
    if (makeMountPoint) {
      makeMountPoint(target);
    }
    FuseHost host = wiring.fuseHost(transport);
    MountOptions options =
        new MountOptions(
                fsName == null ? source.source : fsName,
                allowOther,
                allowUids,
                optional(uid),
                optional(gid),
                octal(umask),
                reading.readAheadBytes(),
                reading.workers(),
                noExec,
                Optional.empty())
            .withRemote(source.isInBucket())
            .withValidity(refresh.validity(source));
    source.prefetch = reading.prefetch;
    VolumeOpening opening = new VolumeOpening(wiring, source, keys);
    ServiceReport report =
        new ServiceReport(
            staysInForeground() ? ServiceManager.of(System.getenv()) : ServiceManager.none());
    Retries retries = new Retries(Retries.duration(retryFor), report::waiting);
    if (dryRun) {
      boolean _ = keys.references().isEmpty();
      LOG.log(Level.INFO, "{0}: {1}", source.source, opening.info().format());
      return ExitCode.DONE.status();
    }
    ResidentChoice residentChoice = resident.choice();
    residentChoice.begin();
    BlockCache cache = wiring.blockCache(reading);
    wiring.logs().about(target);
    Optional<InetSocketAddress> endpoint = seeing.address();
    Optional<Duration> idle = seeing.idle();
    FailureLog failures =
        new FailureLog(logNames, endpoint.isPresent(), new RequestFigures(), System::nanoTime);
    MountCare care =
        new MountCare(
            cache, failures, reading.preloadFilter(), residentChoice, logNames, opening::bucket);
    LeaseCare leaseCare =
        new LeaseCare(
            lease.onExpiry(), wiring.renewingKeyFetch(keys), wiring::takeStoreCredentials);
    // who stays needs no place for a log, and a read-only container has none
    DaemonLog daemonLog =
        staysInForeground() ? DaemonLog.none() : DaemonLog.choose(logFile, target);
    try (CipherWarmUp _ = CipherWarmUp.begin(isImage());
        FetchWarmUp _ = FetchWarmUp.begin(source.isInBucket());
        MountSession session =
            new MountSession(
                opening,
                host,
                target,
                options.withRevocable(idle.isPresent()),
                residentChoice,
                failures,
                Duration.ofSeconds(graceSeconds),
                cache,
                care,
                leaseCare,
                retries);
        Seeing seen =
            Seeing.begin(
                endpoint.orElse(null),
                new StatusReport(
                    RootCommand.Version.number(),
                    target.toString(),
                    source.source,
                    session,
                    cache,
                    failures,
                    care,
                    residentChoice,
                    leaseCare,
                    reading.prefetchBytes(),
                    idle,
                    () ->
                        opening.bucket().flatMap(place -> FetchReport.status(source.source, place)),
                    Instant.now(),
                    System.nanoTime()),
                wiring.keyFigures());
        report) {
      session.onState(report::entered);
      Thread stop = new Thread(() -> stop(session), "unsealfs-stop");
      Runtime.getRuntime().addShutdownHook(stop);
      report.starting();
      session.start();
      seen.mounted();
      // from here on a signal ends the session in order, and the command with it
      Signals.on("TERM", () -> stop(session));
      Signals.on("INT", () -> stop(session));
      Signals.on("USR1", () -> care.logFigures(target));
      Optional<RefreshCare> refreshing =
          RefreshCare.begin(opening.bucket(), session.mount(), refresh.interval());
      refreshing.ifPresent(looking -> Signals.on("HUP", looking::ask));
      try (RunRecord _ = RunRecord.write(target)) {
        return serve(session, target, daemonLog, report);
      } finally {
        refreshing.ifPresent(RefreshCare::close);
      }
    }
  }

  /** What the content is probably decrypted like. */
  private boolean isImage() {
    return !source.isInBucket() && !Files.isDirectory(Path.of(source.source));
  }

  /** Whether this process stays its caller's. */
  boolean staysInForeground() {
    return foreground || !wiring.caller().isPresent();
  }

  /** Works until the mount has ended; gives the exit status. */
  int serve(MountSession session, Path target, DaemonLog daemonLog, ServiceReport report)
      throws IOException, InterruptedException {
    if (staysInForeground()) {
      if (logFile != null) {
        wiring.logs().toFile(logFile);
      }
      LOG.log(Level.INFO, "{0} mounted on {1}", source.source, target);
    } else {
      System.err.println(
          "unsealfs: " + source.source + " mounted on " + target + "; logs: " + daemonLog.place());
      daemonLog.useFor(wiring.logs());
      LOG.log(Level.INFO, "{0} mounted on {1}", source.source, target);
      // who waits for this finds the line in the log
      wiring.caller().detach();
    }
    report.ready(session);
    session.awaitEnd();
    return ExitCode.DONE.status();
  }

  /**
   * A mount point below the source would make the daemon meet its own mount while it reads the
   * ciphertext. The other way round is fine: the source stays open from before.
   */
  private void refuseInsideSource(Path target) throws IOException {
    Path directory = Path.of(source.source);
    Path parent = target.getParent();
    if (source.isInBucket()
        || parent == null
        || !Files.isDirectory(directory)
        || !Files.isDirectory(parent)) {
      return;
    }
    Path realSource = directory.toRealPath();
    Path realTarget = parent.toRealPath().resolve(target.getFileName());
    if (realTarget.startsWith(realSource) && !realTarget.equals(realSource)) {
      throw new MountException(
          mountPoint + ": lies inside the encrypted source; choose a mount point outside of it");
    }
  }

  /** Never looks at what is there already: that may be a dead mount. */
  private static void makeMountPoint(Path target) throws MountException {
    try {
      Files.createDirectory(target);
    } catch (FileAlreadyExistsException e) {
      return;
    } catch (IOException e) {
      throw new MountException(
          "--make-mountpoint: " + target + " cannot be made: " + e.getMessage(), e);
    }
  }

  private static void stop(MountSession session) {
    try {
      session.close();
    } catch (IOException e) {
      LOG.log(Level.ERROR, "stopping", e);
    }
  }

  private static OptionalInt optional(@Nullable Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static int octal(@Nullable String text) throws UsageException {
    if (text == null) {
      return 0;
    }
    if (!text.matches("0?[0-7]{1,3}")) {
      throw new UsageException("--umask " + text + ": not an octal mode such as 027");
    }
    return Integer.parseInt(text, 8);
  }
}
