package io.unsealfs.daemon;

import io.unsealfs.keyserver.StoredSecret;
import io.unsealfs.keyserver.StoredSecret.State;
import java.io.IOException;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code secret enable}, {@code disable} and {@code destroy} have in common. */
abstract class KeyServerSecretStateCommand implements Callable<Integer> {
  private final Wiring wiring;
  private final State state;

  @Parameters(paramLabel = "NAME", description = "The secret.")
  String name = "";

  @Option(names = "--version-number", paramLabel = "N", description = "Only this version of it.")
  @Nullable Integer version;

  @Mixin StoreOptions options = new StoreOptions();

  KeyServerSecretStateCommand(Wiring wiring, State state) {
    this.wiring = wiring;
    this.state = state;
  }

  @Override
  public Integer call() throws IOException {
    try (SecretStore store = options.open(wiring)) {
      OptionalInt meant = version == null ? OptionalInt.empty() : OptionalInt.of(version);
      StoredSecret secret = store.catalog().setState(name, meant, state);
      Instant now = Instant.now();
      System.out.print(
          options.json ? SecretReport.json(secret, now) : SecretReport.lines(secret, now));
    }
    return ExitCode.DONE.status();
  }
}
