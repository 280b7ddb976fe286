package io.unsealfs.daemon.manual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Objects;
import picocli.AutoComplete;
import picocli.CommandLine;

/** All manual pages and completions of the program. */
public final class Manual {
  /** zsh runs bash's completions itself. */
  private static final String ZSH =
      """
      #compdef unsealfs
      # completions of unsealfs for zsh, which runs those for bash
      autoload -U +X bashcompinit && bashcompinit
      source ${UNSEALFS_COMPLETION:-/usr/share/bash-completion/completions/unsealfs}
      """;

  private Manual() {}

  /**
   * Writes {@code man/manN/*.N} and {@code completions/unsealfs.bash|fish|zsh}.
   *
   * @param program with all its commands
   * @param version for the title lines
   * @param date for the title lines
   * @param schema the JSON Schema of policies
   * @param directory exists
   */
  public static void write(
      CommandLine program, String version, Instant date, Path schema, Path directory)
      throws IOException {
    String day = LocalDate.ofInstant(date, ZoneOffset.UTC).toString();
    Path pages = Files.createDirectories(directory.resolve("man"));
    CommandPages commands = new CommandPages(day, version);
    for (var page : commands.of(program).entrySet()) {
      write(pages.resolve("man1").resolve(page.getKey()), page.getValue());
    }
    CommandLine mount = Objects.requireNonNull(program.getSubcommands().get("mount"));
    ConfigPages files = new ConfigPages(day, version);
    write(pages.resolve("man5/unsealfs.conf.5"), files.optionFile(mount.getCommandSpec()));
    write(pages.resolve("man5/unsealfs-policy.5"), files.policy(schema));
    write(pages.resolve("man8/mount.unsealfs.8"), files.mountHelper(mount.getCommandSpec()));
    Path completions = directory.resolve("completions");
    write(completions.resolve("unsealfs.bash"), AutoComplete.bash("unsealfs", program));
    write(completions.resolve("unsealfs.fish"), FishCompletion.of(program));
    write(completions.resolve("unsealfs.zsh"), ZSH);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
  }
}
