package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret.State;
import picocli.CommandLine.Command;

/** {@code unsealfs keyserver secret enable}. */
@Command(name = "enable", description = "Lets a disabled secret be released again.")
final class KeyServerSecretEnableCommand extends KeyServerSecretStateCommand {
  KeyServerSecretEnableCommand(Wiring wiring) {
    super(wiring, State.ENABLED);
  }
}
