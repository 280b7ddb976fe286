package io.unsealfs.daemon;

import io.unsealfs.daemon.doctor.Diagnosis;
import io.unsealfs.mount.FuseHost;
import java.util.List;
import java.util.Optional;

/**
 * What the transports say of this host.
 *
 * @param hosts in the order that {@code transport=auto} tries them
 */
record TransportFindings(List<FuseHost> hosts) {

  /** What {@code transport=auto} would begin with, and what speaks against the others. */
  Diagnosis transport() {
    AutoFuseHost auto = new AutoFuseHost(hosts);
    Optional<FuseHost> choice = auto.choice();
    if (choice.isEmpty()) {
      return Diagnosis.fail(
          "transport", "none can be used: " + auto.unusable().orElse(""), "mend one of them");
    }
    StringBuilder finding = new StringBuilder("auto takes ").append(choice.get().name());
    boolean passedOver = false;
    boolean chosen = false;
    for (FuseHost host : hosts) {
      Optional<String> why = host.unusable();
      boolean takes = host.name().equals(choice.get().name());
      chosen |= takes;
      passedOver |= why.isPresent() && !chosen;
      finding.append(takes ? "" : "; " + host.name() + ": " + why.orElse("usable"));
    }
    return passedOver
        ? Diagnosis.warn("transport", finding.toString(), "the first one is the fastest")
        : Diagnosis.ok("transport", finding.toString());
  }

  /**
   * Whether {@code resident=} would do anything here.
   *
   * @param autoBytes what {@code auto} would take at most
   */
  Diagnosis resident(long autoBytes) {
    Optional<FuseHost> host = new AutoFuseHost(hosts).choice();
    Optional<String> off =
        host.isEmpty() ? Optional.of("no transport") : host.get().residentUnusable();
    return off.isPresent()
        ? Diagnosis.warn(
            "resident mode",
            "off: " + off.get(),
            "mount without resident=: every file is read the ordinary way")
        : Diagnosis.ok(
            "resident mode",
            "possible, on where a mount asks for it; resident=auto takes files of up to "
                + (autoBytes >> 20)
                + " MiB in all, half of what is free");
  }
}
