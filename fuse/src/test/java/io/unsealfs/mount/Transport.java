package io.unsealfs.mount;

import io.unsealfs.mount.jnr.JnrHosts;
import io.unsealfs.mount.kernel.KernelFuseHost;

/** Every way to serve a mount; a test of mounts runs once for each. */
public enum Transport {
  /** The kernel's protocol over /dev/fuse. */
  KERNEL,
  /** libfuse 2. */
  JNR,
  /** libfuse 2 on a host without fusermount: nobody unmounts when the process is killed. */
  JNR_ALONE;

  /** A host of this kind. */
  public FuseHost host() {
    return switch (this) {
      case KERNEL -> new KernelFuseHost();
      case JNR -> JnrHosts.usual();
      case JNR_ALONE -> JnrHosts.withoutFusermount();
    };
  }
}
