package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.StoredSecret;
import java.io.IOException;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver secret add}. */
@Command(
    name = "add",
    description =
        "Wraps a secret under the server's key-encryption key and puts it into the server's store."
            + " Where the configuration names no store, it is added to the configuration, which a"
            + " running server reads again with SIGHUP.")
final class KeyServerSecretAddCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(paramLabel = "NAME", description = "What clients ask for.")
  String name = "";

  @Option(
      names = "--allow",
      paramLabel = "sample",
      description = "Type of evidence that releases it; without it the policy says what does.")
  @Nullable String evidence;

  @Mixin StoreOptions options = new StoreOptions();

  @Mixin NewSecret source = new NewSecret();

  @Mixin ConditionOptions conditions = new ConditionOptions();

  KeyServerSecretAddCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    String allowed = evidence;
    if (allowed != null && !allowed.equals("sample")) {
      throw new UsageException(
          "--allow " + allowed + ": only sample; rules for tdx are written into the policy");
    }
    if (KeyServerDirectory.hasStore(options.config)) {
      addToStore(allowed == null ? Set.of() : Set.of(allowed));
    } else if (allowed == null || conditions.isAny()) {
      throw new UsageException(
          "secret add: %s has no store, so --allow must be given and dates and digests cannot be"
              .formatted(options.config));
    } else {
      source.give(
          wiring,
          "secret add",
          plaintext ->
              KeyServerDirectory.addSecret(
                  options.config,
                  name,
                  plaintext,
                  allowed,
                  wiring.kekFetcher(),
                  wiring.secretMemory()));
    }
    return ExitCode.DONE.status();
  }

  private void addToStore(Set<String> allowed) throws IOException {
    var added = conditions.conditions();
    if (KeyServerConfig.read(options.config).secrets().stream()
        .anyMatch(entry -> entry.name().equals(name))) {
      throw new KeyServerConfigException(
          "secret %s: is listed in the configuration, which goes before the store".formatted(name));
    }
    source.give(
        wiring,
        "secret add",
        plaintext -> {
          try (SecretStore store = options.open(wiring)) {
            StoredSecret secret = store.catalog().add(name, allowed, plaintext, added);
            Instant now = Instant.now();
            System.out.print(
                options.json ? SecretReport.json(secret, now) : SecretReport.lines(secret, now));
          }
        });
  }
}
