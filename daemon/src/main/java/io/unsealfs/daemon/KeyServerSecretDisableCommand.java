package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret.State;
import picocli.CommandLine.Command;

/** {@code unsealfs keyserver secret disable}. */
@Command(
    name = "disable",
    description = "Ends the release of a secret on every server of the store at once.")
final class KeyServerSecretDisableCommand extends KeyServerSecretStateCommand {
  KeyServerSecretDisableCommand(Wiring wiring) {
    super(wiring, State.DISABLED);
  }
}
