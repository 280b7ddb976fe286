package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.StoredSecret;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver secret show}. */
@Command(
    name = "show",
    description = "Shows the versions of a secret, their states and dates; never the secret.")
final class KeyServerSecretShowCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "NAME", description = "The secret.")
  String name = "";

  @Mixin StoreOptions options = new StoreOptions();

  KeyServerSecretShowCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    try (SecretStore store = options.open(wiring)) {
      StoredSecret secret =
          store
              .catalog()
              .find(name)
              .orElseThrow(
                  () -> new KeyServerConfigException("secret " + name + ": is not in the store"));
      Instant now = Instant.now();
      System.out.print(
          options.json ? SecretReport.json(secret, now) : SecretReport.lines(secret, now));
    }
    return ExitCode.DONE.status();
  }
}
