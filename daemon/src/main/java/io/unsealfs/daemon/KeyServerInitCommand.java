package io.unsealfs.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs keyserver init}. */
@Command(
    name = "init",
    description = "Makes a directory with fresh keys and a configuration without secrets.")
final class KeyServerInitCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIRECTORY", description = "Must not exist yet.")
  Path directory = Path.of("");

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7443",
      description = "Where to serve; port 0 takes a free one (default: ${DEFAULT-VALUE}).")
  String listen = "127.0.0.1:7443";

  @Option(
      names = "--allow-sample",
      description = "Let sample evidence, which proves nothing, release secrets (insecure).")
  boolean allowSample;

  @Override
  public Integer call() throws IOException {
    System.out.println(KeyServerDirectory.init(directory, listen, allowSample));
    return ExitCode.DONE.status();
  }
}
