package io.unsealfs.daemon;

import io.unsealfs.keyserver.KeyServer;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs keyserver}. */
@Command(
    name = "keyserver",
    description = "The attested secret service. SIGHUP reads the configuration again.")
final class KeyServerCommand implements Callable<Integer>, Chatty {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.keyserver");

  private final Wiring wiring;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "What to serve to whom (YAML); see docs/keyserver.md.")
  @Nullable Path config;

  @Option(names = "--check", description = "Read the configuration and stop.")
  boolean checkOnly;

  KeyServerCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ProcessControl.forbidDumps();
    Path config = config();
    KeyServerConfig read = KeyServerConfig.read(config);
    if (checkOnly) {
      System.out.println(config + ": good");
      return ExitCode.DONE.status();
    }
    CountDownLatch stopped = new CountDownLatch(1);
    Clock clock = Clock.systemUTC();
    try (KeyServerMetrics metrics = new KeyServerMetrics(clock, RootCommand.Version.number());
        KeyServer server =
            KeyServer.start(read, clock, wiring.secretMemory(), wiring.kekFetcher(), metrics)) {
      Thread stop =
          new Thread(
              () -> {
                stop(server);
                stopped.countDown();
              },
              "unsealfs-stop");
      Runtime.getRuntime().addShutdownHook(stop);
      Signals.on("HUP", () -> reload(server, config));
      LOG.log(
          Level.INFO,
          "serving on port {0}; identity {1}",
          Integer.toString(server.port()),
          server.identityPin());
      stopped.await();
    }
    return ExitCode.DONE.status();
  }

  private static void stop(KeyServer server) {
    server.close();
  }

  private Path config() throws UsageException {
    if (config == null) {
      throw new UsageException("--config FILE is missing; unsealfs keyserver init makes one");
    }
    return config;
  }

  private static void reload(KeyServer server, Path config) {
    try {
      server.reload(config);
      LOG.log(Level.INFO, "configuration read again");
    } catch (IOException e) {
      LOG.log(Level.ERROR, "the configuration was not read again, the old one stays", e);
    }
  }
}
