package io.unsealfs.daemon;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import io.unsealfs.keyserver.WrappedSecret;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unsealfs keyserver secret import}. */
@Command(
    name = "import",
    description =
        "Copies the wrapped secrets that the configuration lists into its store. Remove them from"
            + " \"secrets\" afterwards: an entry there goes before the store.")
final class KeyServerSecretImportCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin StoreOptions options = new StoreOptions();

  KeyServerSecretImportCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    KeyServerConfig config = KeyServerConfig.read(options.config);
    try (SecretStore store = options.open(wiring)) {
      for (KeyServerConfig.SecretEntry entry : config.secrets()) {
        if (entry.insecurePlaintext()) {
          System.err.println("unsealfs: " + entry.name() + ": not imported, it is not wrapped");
        } else if (store.catalog().find(entry.name()).isPresent()) {
          System.err.println("unsealfs: " + entry.name() + ": not imported, the store has it");
        } else {
          add(entry, store);
          System.out.println(entry.name());
        }
      }
    }
    return ExitCode.DONE.status();
  }

  private static void add(KeyServerConfig.SecretEntry entry, SecretStore store) throws IOException {
    Conditions conditions =
        new Conditions(
            Optional.empty(),
            Optional.empty(),
            new SecretTerms(
                entry.volumeDigest(),
                entry.headerDigest(),
                entry.expiresAt(),
                entry.lease(),
                true));
    WrappedSecret wrapped = WrappedSecret.read(entry.file());
    byte[] plaintext = wrapped.unwrap(entry.name(), store.keys().of(wrapped));
    try {
      store.catalog().add(entry.name(), entry.evidence(), plaintext, conditions);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }
}
