package io.unsealfs.mount.point;

import io.unsealfs.os.MountTable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A small shell that unmounts when this process dies without having done so, as by {@code kill -9}.
 * It waits for the end of its standard input, whose other end only this process holds; it has a
 * session of its own, so that what is sent to this process's group does not reach it, and nothing
 * of this process's descriptors, environment or working directory.
 */
public final class DeathWatch implements AutoCloseable {
  /** How the shell calls itself; the mount point is its argument, so that others can find it. */
  static final String NAME = "unsealfs-watch";

  private static final Path SHELL = Path.of("/bin/sh");

  /**
   * Wants MOUNT_ID, DEVICE and POINT. Builtins only, until it unmounts: that is its own mount still
   * and the topmost at its place, as the mount table says, for the mount point itself may hang. A
   * word on standard input would tell it to go; in fact it is killed.
   */
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT ABRT TERM PIPE USR1 USR2 ALRM TSTP TTIN TTOU
      if read -r word; then exit 0; fi
      place=
      while read -r id parent device root point rest; do
        if [ "$id" = "$MOUNT_ID" ] && [ "$device" = "$DEVICE" ]; then place=$point; fi
      done < /proc/self/mountinfo
      [ -n "$place" ] || exit 0
      top=
      while read -r id parent device root point rest; do
        if [ "$point" = "$place" ]; then top=$id; fi
      done < /proc/self/mountinfo
      [ "$top" = "$MOUNT_ID" ] || exit 0
      umount -i -l "$POINT" || umount -l "$POINT" || fusermount3 -u -z "$POINT" \
      || fusermount -u -z "$POINT"
      """;

  private final @Nullable Process shell;
  private final String leftOut;

  private DeathWatch(@Nullable Process shell, String leftOut) {
    this.shell = shell;
    this.leftOut = leftOut;
  }

  /**
   * Starts to watch over a mount of this process. Where that is impossible the mount works all the
   * same, and {@link #leftOut} says why nobody watches.
   */
  public static DeathWatch over(MountPoint point, MountTable.Entry mount) {
    return over(SHELL, point, mount);
  }

  static DeathWatch over(Path shell, MountPoint point, MountTable.Entry mount) {
    if (!shell.toFile().canExecute()) {
      return without("there is no " + shell);
    }
    if (HostRequirements.program("umount").or(HostRequirements::unmounter).isEmpty()) {
      return without("neither umount nor fusermount3 is installed");
    }
    try {
      return new DeathWatch(builder(shell, point, mount).start(), "");
    } catch (IOException e) {
      return without(String.valueOf(e.getMessage()));
    }
  }

  private static DeathWatch without(String reason) {
    return new DeathWatch(
        null,
        "nobody will unmount if this process is killed, as " + reason + "; the next mount will");
  }

  /** The child process that watches. */
  static ProcessBuilder builder(Path shell, MountPoint point, MountTable.Entry mount) {
    List<String> command = new ArrayList<>();
    HostRequirements.program("setsid").map(Path::toString).ifPresent(command::add);
    command.addAll(List.of(shell.toString(), "-c", SCRIPT, NAME, point.toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("LC_ALL", "C");
    environment.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("MOUNT_ID", Integer.toString(mount.id()));
    environment.put("DEVICE", mount.major() + ":" + mount.minor());
    environment.put("POINT", point.toString());
    return builder
        .directory(new File("/"))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD);
  }

  /** Why nobody watches, in one line; empty if somebody does. */
  public Optional<String> leftOut() {
    return leftOut.isEmpty() ? Optional.empty() : Optional.of(leftOut);
  }

  /** Number of the process that watches. */
  Optional<Long> pid() {
    return Optional.ofNullable(shell).map(Process::pid);
  }

  /**
   * Stops watching, and returns when the child is gone; idempotent. To be called once the mount is
   * gone.
   */
  @Override
  public void close() {
    if (shell == null) {
      return;
    }
    // Killed before its input ends, so that it cannot take that for this process's death.
    shell.destroyForcibly();
    boolean interrupted = false;
    while (true) {
      try {
        shell.waitFor();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
