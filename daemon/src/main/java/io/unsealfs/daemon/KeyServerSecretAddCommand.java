package io.unsealfs.daemon;

import io.unsealfs.key.Secret;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver secret add}. */
@Command(
    name = "add",
    description =
        "Wraps a secret under the server's key-encryption key and adds it to the configuration;"
            + " a running server takes it up with SIGHUP.")
final class KeyServerSecretAddCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "NAME", description = "What clients ask for.")
  String name = "";

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The server's configuration, as keyserver init made it.")
  Path config = Path.of("");

  @Option(names = "--generate", description = "Make a new random passphrase.")
  boolean generate;

  @Option(
      names = "--allow",
      paramLabel = "sample",
      required = true,
      description = "Type of evidence that releases it.")
  String evidence = "";

  @Mixin KeyOptions keys = new KeyOptions();

  KeyServerSecretAddCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    if (generate != keys.keys.isEmpty()) {
      throw new UsageException(
          "secret add: give either --key, where the secret is now, or --generate");
    }
    if (!evidence.equals("sample")) {
      throw new UsageException(
          "--allow " + evidence + ": this version verifies only sample evidence");
    }
    if (generate) {
      byte[] plaintext = KeyServerDirectory.generate();
      try {
        KeyServerDirectory.addSecret(
            config, name, plaintext, evidence, wiring.kekFetcher(), wiring.secretMemory());
      } finally {
        Arrays.fill(plaintext, (byte) 0);
      }
    } else {
      wiring
          .keyFetch(keys)
          .withFirst(keys.references(), (reference, secret) -> add(secret), failure -> false);
    }
    return ExitCode.DONE.status();
  }

  private int add(Secret secret) throws IOException {
    try {
      return secret.use(plaintext -> {
        try {
          KeyServerDirectory.addSecret(
              config, name, plaintext, evidence, wiring.kekFetcher(), wiring.secretMemory());
          return plaintext.length;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (UncheckedIOException e) {
      throw e.getCause() == null ? new IOException(e) : e.getCause();
    }
  }
}
