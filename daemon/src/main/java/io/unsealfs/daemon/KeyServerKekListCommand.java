package io.unsealfs.daemon;

import io.unsealfs.keyserver.WrappedSecrets;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
            + " and how many secrets, and records of the store, are under each.")
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
    Map<String, String> sources = new LinkedHashMap<>();
    Map<String, Integer> secretsUnder = new TreeMap<>();
    Map<String, Integer> recordsUnder = new TreeMap<>();
    try (KekScope scope = KekScope.open(config, wiring)) {
      List<String> ids = scope.keys().ids();
      for (int i = 0; i < ids.size(); i++) {
        sources.put(ids.get(i), scope.keys().sources().get(i).key().text());
      }
      for (WrappedSecrets secrets : scope.secrets()) {
        for (String entry : secrets.entries()) {
          count(secrets.read(entry).keyId(), secretsUnder);
        }
        secrets.sealKeyIds().forEach(id -> count(id, recordsUnder));
      }
    }
    for (Map<String, Integer> found : List.of(secretsUnder, recordsUnder)) {
      found.keySet().forEach(id -> sources.putIfAbsent(id, "not in the configuration"));
    }
    sources.forEach((id, source) ->
        System.out.println(
            "%s  %d secrets%s  %s"
                .formatted(
                    id,
                    secretsUnder.getOrDefault(id, 0),
                    recordsUnder.isEmpty()
                        ? ""
                        : ", %d records".formatted(recordsUnder.getOrDefault(id, 0)),
                    source)));
    return ExitCode.DONE.status();
  }

  private static void count(String id, Map<String, Integer> counts) {
    counts.merge(id, 1, Integer::sum);
  }
}
