package io.unsealfs.mount.jnr;

import io.unsealfs.mount.FuseHost;

/** The libfuse transport as tests use it. */
public final class JnrHosts {
  private JnrHosts() {}

  /** As the daemon uses it. */
  public static FuseHost usual() {
    return new JnrFuseHost();
  }

  /** As on a host without fusermount. */
  public static FuseHost withoutFusermount() {
    return new JnrFuseHost(false);
  }
}
