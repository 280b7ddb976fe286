package io.unsealfs.mount;

import io.unsealfs.storage.FileTree;
import java.nio.file.Path;
import java.util.Optional;

/** A way to serve a {@link FileTree} through the kernel's FUSE. */
public interface FuseHost {

  /** The word of {@code transport=}. */
  String name();

  /**
   * Why it cannot be used on this machine by this user, whatever is mounted: one line that says how
   * to mend it. Empty where it looks usable. Cheap, and changes nothing.
   */
  default Optional<String> unusable() {
    return Optional.empty();
  }

  /**
   * Why no file can be resident with this transport on this host, see {@link
   * io.unsealfs.mount.resident}; empty where it can. Asks the kernel, and changes nothing.
   */
  default Optional<String> residentUnusable() {
    return Optional.of("only transport kernel can");
  }

  /**
   * Mounts {@code tree} and returns once the kernel has completed the FUSE handshake and the mount
   * table lists the mount. Never touches the mount point from inside this process.
   *
   * @param mountPoint an existing empty directory, absolute
   * @throws MountException if FUSE or the mount point refuse
   */
  Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
      throws MountException;
}
