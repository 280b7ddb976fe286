package io.unsealfs.mount;

import io.unsealfs.storage.FileTree;
import java.nio.file.Path;

/** A way to serve a {@link FileTree} through the kernel's FUSE. */
public interface FuseHost {

  /** The word of {@code transport=}. */
  String name();

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
