package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.point.DeathWatch;
import io.unsealfs.mount.point.MountEnd;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;

/** A mount served by a {@link Crew}. */
final class KernelServedMount implements Mount {
  private static final System.Logger LOG = System.getLogger(KernelServedMount.class.getName());

  private final MountPoint point;
  private final Crew crew;
  private final MountEnd end;
  private final Revocation revocation;
  private final TreeChange change;
  private final Optional<String> residentOff;
  private final IntSupplier openFiles;

  /**
   * The mount of this entry.
   *
   * @param revocation of this mount
   * @param change tells the kernel of another tree
   * @param watched whether somebody else already unmounts if this process is killed
   * @param residentOff why resident mode is off though it was asked for
   * @param openFiles how many there are
   */
  KernelServedMount(
      MountPoint point,
      MountTable.Entry entry,
      Crew crew,
      Revocation revocation,
      TreeChange change,
      boolean watched,
      Optional<String> residentOff,
      IntSupplier openFiles) {
    this.openFiles = openFiles;
    this.residentOff = residentOff;
    this.revocation = revocation;
    this.change = change;
    this.point = point;
    this.crew = crew;
    this.end = new MountEnd(point, entry, crew);
    if (!watched) {
      watch(entry);
    }
  }

  /** Starts the watch beside everything else: it takes a process, and nobody waits for it. */
  private void watch(MountTable.Entry entry) {
    CompletableFuture<DeathWatch> watch = new CompletableFuture<>();
    Thread starter =
        new Thread(
            () -> {
              DeathWatch started = DeathWatch.over(point, entry);
              started.leftOut().ifPresent(reason -> LOG.log(Level.INFO, reason));
              watch.complete(started);
            },
            "unsealfs-watch");
    starter.setDaemon(true);
    starter.start();
    crew.whenEnded(() -> {
      CompletableFuture<Void> _ = watch.thenAccept(DeathWatch::close);
    });
  }

  @Override
  public Path mountPoint() {
    return point.path();
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return crew.awaitEnd(timeout);
  }

  @Override
  public boolean isServing(Duration timeout) throws InterruptedException {
    return crew.isServing(timeout);
  }

  @Override
  public Optional<ResidentFigures> resident() {
    return crew.figures();
  }

  @Override
  public Optional<String> residentOff() {
    return residentOff;
  }

  @Override
  public void memoryIsShort() {
    crew.memoryIsShort();
  }

  @Override
  public boolean unmountUnused() {
    return end.unmountUnused();
  }

  @Override
  public int openFiles() {
    return openFiles.getAsInt();
  }

  @Override
  public void treeChanged() {
    change.run();
  }

  @Override
  public Optional<String> notRefreshable() {
    return Optional.empty();
  }

  @Override
  public void refuseOpens(IOException why) {
    revocation.gate().refuseOpens(why);
  }

  @Override
  public void admitOpens() {
    revocation.gate().admitOpens();
  }

  @Override
  public void revoke(IOException why) throws MountException {
    revocation.run(why, crew::revoke, end::cut);
    unmount(Duration.ZERO);
  }

  @Override
  public void unmount(Duration grace) throws MountException {
    try {
      end.unmount(grace);
    } finally {
      crew.wipe();
    }
  }
}
