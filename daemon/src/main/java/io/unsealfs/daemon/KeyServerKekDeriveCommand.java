package io.unsealfs.daemon;

import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.keyserver.PassphraseKdf;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver kek derive}. */
@Command(
    name = "derive",
    description =
        "Makes a file of salt and costs by which a passphrase becomes a key-encryption key; name"
            + " it as kdf beside the passphrase's reference in the configuration.")
final class KeyServerKekDeriveCommand implements Callable<Integer> {
  private static final int MIN_PASSPHRASE_BYTES = 12;

  private final Wiring wiring;

  @Parameters(paramLabel = "FILE", description = "The file to make.")
  Path file = Path.of("");

  @Mixin KeyOptions keys = new KeyOptions();

  KeyServerKekDeriveCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    PassphraseKdf kdf =
        wiring
            .keyFetch(keys)
            .withFirst(
                keys.references(),
                (reference, secret) -> {
                  if (secret.size() < MIN_PASSPHRASE_BYTES) {
                    throw new KeyReferenceException(
                        "the passphrase has fewer than %d bytes; take a longer one"
                            .formatted(MIN_PASSPHRASE_BYTES));
                  }
                  return PassphraseKdf.create(secret, wiring.secretMemory());
                },
                failure -> false);
    Files.write(file, kdf.encode(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    System.out.println("key " + kdf.keyId());
    return ExitCode.DONE.status();
  }
}
