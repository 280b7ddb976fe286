package io.unsealfs.daemon;

import io.unsealfs.keyserver.KekRotation;
import io.unsealfs.keyserver.WrappedSecrets;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs keyserver kek rotate}. */
@Command(
    name = "rotate",
    description =
        "Wraps every secret anew under the first key-encryption key of the configuration, while"
            + " servers run. Can be broken off and begun again.")
final class KeyServerKekRotateCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The server's configuration, with the new key first and the old one after it.")
  Path config = Path.of("");

  KeyServerKekRotateCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    try (KekScope scope = KekScope.open(config, wiring)) {
      KekRotation.Result result = new KekRotation.Result(0, 0);
      for (WrappedSecrets secrets : scope.secrets()) {
        result = result.plus(new KekRotation(secrets, scope.keys()).run());
      }
      System.out.println(
          "%d secrets wrapped anew under key %s, %d were already"
              .formatted(result.rewrapped(), scope.keys().current().id(), result.untouched()));
    }
    return ExitCode.DONE.status();
  }
}
