package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which key server's store a command works on, and how it reports; shared by all that do. */
final class StoreOptions {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The server's configuration; it names the store.")
  Path config = Path.of("");

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  /** Opens the store; from here on the process holds a key. */
  SecretStore open(Wiring wiring) throws IOException {
    ProcessControl.forbidDumps();
    return SecretStore.open(KeyServerConfig.read(config), config, wiring);
  }
}
