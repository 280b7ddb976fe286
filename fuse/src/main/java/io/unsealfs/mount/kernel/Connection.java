package io.unsealfs.mount.kernel;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.HostRequirements;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.Fusermount;
import io.unsealfs.os.KernelMount;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.os.SystemCallException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A mount whose handshake waits: made by mount(2) where this process may, otherwise through the
 * set-uid {@code fusermount3}.
 *
 * @param device where the kernel's requests come from
 * @param isWatched whether somebody unmounts if this process is killed
 */
record Connection(FuseDevice device, boolean isWatched) {

  /**
   * Mounts.
   *
   * @param maxReadBytes longest read request
   */
  static Connection mount(MountPoint point, MountOptions options, int maxReadBytes)
      throws MountException {
    if (ProcessControl.effectiveUser() == 0) {
      try {
        return direct(point, options, maxReadBytes);
      } catch (SystemCallException e) {
        if (e.errno() != ErrorNumber.EPERM || HostRequirements.fusermount3().isEmpty()) {
          throw refused(point, e, HostRequirements.missingPrivilege().orElseGet(() -> reason(e)));
        }
      }
    }
    return throughFusermount(point, options, maxReadBytes);
  }

  private static Connection direct(MountPoint point, MountOptions options, int maxReadBytes)
      throws SystemCallException {
    FuseDevice device = FuseDevice.open();
    boolean mounted = false;
    try {
      KernelMount.mount(
          options.fsName().getBytes(StandardCharsets.UTF_8),
          point.bytes().toBytes(),
          MountWords.TYPE,
          MountWords.flags(options),
          MountWords.direct(options, device.number(), maxReadBytes)
              .getBytes(StandardCharsets.US_ASCII));
      mounted = true;
      return new Connection(device, false);
    } finally {
      if (!mounted) {
        device.close();
      }
    }
  }

  private static Connection throughFusermount(
      MountPoint point, MountOptions options, int maxReadBytes) throws MountException {
    Path program =
        HostRequirements.fusermount3()
            .orElseThrow(() ->
                new MountException(
                    "cannot mount on "
                        + point
                        + ": only root can without fusermount3; install the package fuse3"));
    try {
      return new Connection(
          Fusermount.mount(
              program, point.bytes().toBytes(), MountWords.fusermount(options, maxReadBytes)),
          true);
    } catch (IOException e) {
      throw refused(point, e, String.valueOf(e.getMessage()));
    }
  }

  /** Options of ours are checked before; what else the kernel calls invalid is the descriptor. */
  private static String reason(SystemCallException e) {
    return e.errno() == ErrorNumber.EINVAL
        ? e.getMessage() + "; is /dev/fuse the kernel's FUSE device (character device 10:229)?"
        : String.valueOf(e.getMessage());
  }

  private static MountException refused(MountPoint point, IOException cause, String reason) {
    return new MountException("cannot mount on " + point + ": " + reason, cause);
  }
}
