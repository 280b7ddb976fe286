package io.unsealfs.daemon;

import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver psk}: makes a pre-shared key for a server and one of its clients. */
@Command(
    name = "psk",
    description = "Makes a pre-shared key: a copy for the client, a wrapped one for the server.")
final class KeyServerPskCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "ID", description = "What client, server and policies call the key.")
  String id = "";

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The server's configuration, as keyserver init made it.")
  Path config = Path.of("");

  @Option(
      names = "--client-file",
      required = true,
      paramLabel = "FILE",
      description = "Where to put the client's copy; bring it to the client and delete it here.")
  Path clientFile = Path.of("");

  KeyServerPskCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    Path wrapped =
        KeyServerDirectory.makePreSharedKey(
            config, id, clientFile, wiring.kekFetcher(), wiring.secretMemory());
    System.out.println("add to " + config + " (before \"secrets:\", if it has that):");
    System.out.println("psks:");
    System.out.printf("  - {id: \"%s\", wrapped_file: \"%s\"}%n", id, wrapped);
    System.out.println("and to the rules of its secrets: requester_psk: [\"" + id + "\"]");
    return ExitCode.DONE.status();
  }
}
