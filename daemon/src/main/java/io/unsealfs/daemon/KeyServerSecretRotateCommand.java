package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver secret rotate}. */
@Command(
    name = "rotate",
    description = "Adds a version to a secret, which is what is released from then on.")
final class KeyServerSecretRotateCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "NAME", description = "The secret.")
  String name = "";

  @Mixin StoreOptions options = new StoreOptions();

  @Mixin NewSecret source = new NewSecret();

  @Mixin ConditionOptions conditions = new ConditionOptions();

  KeyServerSecretRotateCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    var added = conditions.conditions();
    source.give(
        wiring,
        "secret rotate",
        plaintext -> {
          try (SecretStore store = options.open(wiring)) {
            StoredSecret secret = store.catalog().rotate(name, plaintext, added);
            Instant now = Instant.now();
            System.out.print(
                options.json ? SecretReport.json(secret, now) : SecretReport.lines(secret, now));
          }
        });
    return ExitCode.DONE.status();
  }
}
