package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyEncryptionKeys;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.WrappedSecretFiles;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs keyserver kek list}. */
@Command(
    name = "list",
    description =
        "Shows the key-encryption keys of the configuration by their id, the one that wraps first,"
            + " and how many secrets are under each.")
final class KeyServerKekListCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The server's configuration.")
  Path config = Path.of("");

  KeyServerKekListCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    KeyServerConfig read = KeyServerConfig.read(config);
    Map<String, Integer> secretsUnder = new TreeMap<>();
    WrappedSecretFiles secrets = new WrappedSecretFiles(read);
    for (String entry : secrets.entries()) {
      secretsUnder.merge(secrets.read(entry).keyId(), 1, Integer::sum);
    }
    try (KeyEncryptionKeys keys =
        KeyEncryptionKeys.load(read.keks(), wiring.kekFetcher(), wiring.secretMemory())) {
      List<String> ids = keys.ids();
      for (int i = 0; i < ids.size(); i++) {
        Integer count = secretsUnder.remove(ids.get(i));
        print(ids.get(i), count == null ? 0 : count, keys.sources().get(i).key().text());
      }
    }
    secretsUnder.forEach((id, count) -> print(id, count, "not in the configuration"));
    return ExitCode.DONE.status();
  }

  private static void print(String id, int secrets, String source) {
    System.out.println("%s  %d secrets  %s".formatted(id, secrets, source));
  }
}
