package io.unsealfs.mount.point;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a mount needs of this host, looked at before: libfuse itself tells its reasons to standard
 * error only.
 */
public final class HostRequirements {
  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final Path FUSE_CONF = Path.of("/etc/fuse.conf");
  private static final int CAP_SYS_ADMIN = 21;

  private HostRequirements() {}

  /**
   * What libfuse 2 needs.
   *
   * @throws MountException with the reason and its cure, if a mount cannot work
   */
  public static void forLibfuse(MountOptions options) throws MountException {
    check(options, DEVICE, true, FUSE_CONF, isRoot(), fusermount());
  }

  /**
   * What a mount by {@link io.unsealfs.os.KernelMount}, or for users other than root by {@link
   * io.unsealfs.os.Fusermount}, needs.
   *
   * @throws MountException with the reason and its cure, if a mount cannot work
   */
  public static void forKernel(MountOptions options) throws MountException {
    boolean root = isRoot();
    // for others the set-uid program opens it
    check(options, DEVICE, root, FUSE_CONF, root, fusermount3());
  }

  private static boolean isRoot() {
    return ProcessControl.effectiveUser() == 0;
  }

  static void check(
      MountOptions options,
      Path device,
      boolean opensDevice,
      Path fuseConf,
      boolean root,
      Optional<Path> fusermount)
      throws MountException {
    if (!Files.exists(device)) {
      throw new MountException(
          "cannot mount: there is no "
              + device
              + "; load the kernel module fuse, or pass the device into the container");
    }
    if (opensDevice && !(Files.isReadable(device) && Files.isWritable(device))) {
      throw new MountException(
          "cannot mount: " + device + " may not be opened by this user; mend its mode or group");
    }
    if (!root && fusermount.isEmpty()) {
      throw new MountException(
          "cannot mount: fusermount is missing, and only root can mount without it; install the"
              + " package fuse3 or fuse");
    }
    if (!root
        && (options.allowOther() || !options.allowUids().isEmpty())
        && !allowsOthers(fuseConf)) {
      throw new MountException(
          "cannot mount with allow_other or allow_uid: "
              + fuseConf
              + " has no line user_allow_other, which users other than root need");
    }
  }

  private static boolean allowsOthers(Path fuseConf) {
    try (Stream<String> lines = Files.lines(fuseConf, StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  /**
   * The program by which libfuse 2 mounts for users other than root, and that its {@code
   * auto_unmount} needs.
   */
  public static Optional<Path> fusermount() {
    return program("fusermount");
  }

  /** The program that mounts for users other than root and passes the device on. */
  public static Optional<Path> fusermount3() {
    return program("fusermount3").or(() -> program("fusermount"));
  }

  /** The program that unmounts for users other than root. */
  static Optional<Path> unmounter() {
    return program("fusermount").or(() -> program("fusermount3"));
  }

  /** An executable of that name, in {@code /usr/bin} first, as set-uid programs are. */
  static Optional<Path> program(String name) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of("/usr/bin"), Stream.of(path.split(":", -1)))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** The privilege that root lacks here, for mounts that were refused; empty where it has it. */
  public static Optional<String> missingPrivilege() {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      boolean able =
          status
              .filter(line -> line.startsWith("CapEff:"))
              .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .anyMatch(capabilities -> (capabilities >>> CAP_SYS_ADMIN & 1) == 1);
      return able || !isRoot()
          ? Optional.empty()
          : Optional.of("the process lacks CAP_SYS_ADMIN; a container has to be given it");
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
