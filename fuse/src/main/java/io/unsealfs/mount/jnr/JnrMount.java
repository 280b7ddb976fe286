package io.unsealfs.mount.jnr;

import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.point.MountEnd;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A mount served by {@link FuseLoop}. */
final class JnrMount implements Mount {
  private final MountPoint point;
  private final FuseLoop loop;
  private final MountEnd end;
  private final Optional<String> residentOff;

  /**
   * The mount of this entry.
   *
   * @param residentOff why resident mode is off though it was asked for
   */
  JnrMount(MountPoint point, MountTable.Entry entry, FuseLoop loop, Optional<String> residentOff) {
    this.residentOff = residentOff;
    this.point = point;
    this.loop = loop;
    this.end = new MountEnd(point, entry, loop);
  }

  @Override
  public Path mountPoint() {
    return point.path();
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return loop.awaitEnd(timeout);
  }

  @Override
  public Optional<String> residentOff() {
    return residentOff;
  }

  @Override
  public void refuseOpens(IOException why) {
    loop.gate().refuseOpens(why);
  }

  @Override
  public void admitOpens() {
    loop.gate().admitOpens();
  }

  @Override
  public void revoke(IOException why) throws MountException {
    loop.gate().shut(why);
    end.cut();
    end.unmount(Duration.ZERO);
  }

  @Override
  public Optional<String> notRevocable() {
    return Optional.of(
        "transport jnr cannot drop what the kernel has cached: who has a file open or mapped may go"
            + " on reading it after a revocation; use transport=kernel");
  }

  @Override
  public void unmount(Duration grace) throws MountException {
    end.unmount(grace);
  }
}
