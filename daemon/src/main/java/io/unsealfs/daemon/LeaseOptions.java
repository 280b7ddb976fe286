package io.unsealfs.daemon;

import io.unsealfs.daemon.lease.OnExpiry;
import picocli.CommandLine.Option;

/** What becomes of a mount whose key was lent for a time. */
final class LeaseOptions {
  @Option(
      names = "--on-expiry",
      paramLabel = "keep|stop-new-opens|unmount",
      defaultValue = "unmount",
      description =
          "What to do when the key service takes the key back, or the lease of the key runs out"
              + " before it could be renewed (default: ${DEFAULT-VALUE}).")
  String onExpiry = "unmount";

  OnExpiry onExpiry() throws UsageException {
    return OnExpiry.of(onExpiry)
        .orElseThrow(() ->
            new UsageException(
                "--on-expiry " + onExpiry + ": must be keep, stop-new-opens or unmount"));
  }
}
