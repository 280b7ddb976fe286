package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.StoredSecret;
import io.unsealfs.keyserver.StoredSecret.State;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver secret remove}. */
@Command(
    name = "remove",
    description = "Removes a secret of which every version is destroyed; its name is free then.")
final class KeyServerSecretRemoveCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "NAME", description = "The secret.")
  String name = "";

  @Option(
      names = "--force",
      description = "Also with versions that are not destroyed, or a record that cannot be read.")
  boolean force;

  @Mixin StoreOptions options = new StoreOptions();

  KeyServerSecretRemoveCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    try (SecretStore store = options.open(wiring)) {
      if (!force) {
        Optional<StoredSecret> secret = store.catalog().find(name);
        if (secret.isPresent()
            && secret.get().versions().stream()
                .anyMatch(version -> version.state() != State.DESTROYED)) {
          throw new KeyServerConfigException(
              "secret %s: has versions that are not destroyed; destroy them, or add --force"
                  .formatted(name));
        }
      }
      store.catalog().remove(name);
    }
    if (options.json) {
      System.out.println("{}");
    } else {
      System.out.println(name + ": removed");
    }
    return ExitCode.DONE.status();
  }
}
