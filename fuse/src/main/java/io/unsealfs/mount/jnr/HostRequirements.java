package io.unsealfs.mount.jnr;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What libfuse 2 needs of this host, looked at before the mount: libfuse itself tells its reasons
 * to standard error only.
 */
final class HostRequirements {
  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final Path FUSE_CONF = Path.of("/etc/fuse.conf");
  private static final int CAP_SYS_ADMIN = 21;

  private HostRequirements() {}

  static void check(MountOptions options) throws MountException {
    check(options, DEVICE, FUSE_CONF, NativeCalls.c().geteuid() == 0, fusermount().isPresent());
  }

  static void check(
      MountOptions options, Path device, Path fuseConf, boolean root, boolean fusermount)
      throws MountException {
    if (!Files.exists(device)) {
      throw new MountException(
          "cannot mount: there is no "
              + device
              + "; load the kernel module fuse, or pass the device into the container");
    }
    if (!Files.isReadable(device) || !Files.isWritable(device)) {
      throw new MountException(
          "cannot mount: " + device + " may not be opened by this user; mend its mode or group");
    }
    if (!root && !fusermount) {
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
    } catch (IOException e) {
      return false;
    }
  }

  /** The program that mounts for users other than root, and that auto_unmount needs. */
  static Optional<Path> fusermount() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of("/usr/bin"), Stream.of(path.split(":", -1)))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, "fusermount"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Why the kernel may have refused a mount that passed {@link #check}. */
  static String likelyReason() {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      boolean able =
          status
              .filter(line -> line.startsWith("CapEff:"))
              .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .anyMatch(capabilities -> (capabilities >>> CAP_SYS_ADMIN & 1) == 1);
      if (!able && NativeCalls.c().geteuid() == 0) {
        return "the process lacks CAP_SYS_ADMIN; a container has to be given it";
      }
    } catch (IOException | NumberFormatException e) {
      return "libfuse wrote why to standard error";
    }
    return "libfuse wrote why to standard error";
  }
}
