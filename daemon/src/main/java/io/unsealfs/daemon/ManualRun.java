package io.unsealfs.daemon;

import io.unsealfs.daemon.manual.Manual;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What the build of packages runs to have manual pages and completions. */
final class ManualRun {
  private ManualRun() {}

  /**
   * Writes them.
   *
   * @param arguments the JSON Schema of policies, and the directory
   */
  public static void main(String[] arguments) throws IOException {
    String epoch = System.getenv().getOrDefault("SOURCE_DATE_EPOCH", "0");
    Manual.write(
        Main.commandLine(
            new RootCommand(), new Wiring(CallerChannel.fromEnvironment(Map.of())), List.of()),
        RootCommand.Version.number(),
        Instant.ofEpochSecond(Long.parseLong(epoch)),
        Path.of(arguments[0]),
        Path.of(arguments[1]));
  }
}
