package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret.State;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs keyserver secret destroy}. */
@Command(
    name = "destroy",
    description = "Removes the bytes of a version for good; what is known of it stays.")
final class KeyServerSecretDestroyCommand extends KeyServerSecretStateCommand {
  @Option(names = "--all-versions", description = "Every version of it.")
  boolean all;

  KeyServerSecretDestroyCommand(Wiring wiring) {
    super(wiring, State.DESTROYED);
  }

  @Override
  public Integer call() throws IOException {
    if (all == (version != null)) {
      throw new UsageException(
          "secret destroy: give either --version-number N or --all-versions; it cannot be undone");
    }
    return super.call();
  }
}
