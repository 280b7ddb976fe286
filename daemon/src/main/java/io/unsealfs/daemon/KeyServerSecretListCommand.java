package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.keyserver.store.StoreUnavailableException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unsealfs keyserver secret list}. */
@Command(
    name = "list",
    description =
        "Lists the secrets in the store and what would be released now. Exit code 28 if a record"
            + " cannot be read; the others are listed all the same.")
final class KeyServerSecretListCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin StoreOptions options = new StoreOptions();

  KeyServerSecretListCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    List<StoredSecret> secrets = new ArrayList<>();
    boolean bad = false;
    try (SecretStore store = options.open(wiring)) {
      for (String name : store.catalog().names()) {
        try {
          Optional<StoredSecret> found = store.catalog().find(name);
          found.ifPresent(secrets::add);
        } catch (StoreUnavailableException e) {
          throw e;
        } catch (StoreException e) {
          System.err.println("unsealfs: " + e.getMessage());
          bad = true;
        }
      }
    }
    Instant now = Instant.now();
    System.out.print(
        options.json ? SecretReport.json(secrets, now) : SecretReport.lines(secrets, now));
    return (bad ? ExitCode.STORAGE_FAILED : ExitCode.DONE).status();
  }
}
