package io.unsealfs.daemon;

import io.unsealfs.daemon.log.LogFormat;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code unsealfs} itself: the options every command has. */
@Command(
    name = "unsealfs",
    description =
        "Attests the host, fetches the key, mounts the ciphertext as a plain read-only tree.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND")
final class RootCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and finer log lines.")
  boolean debug;

  @Option(
      names = "--log-format",
      scope = ScopeType.INHERIT,
      paramLabel = "text|json",
      defaultValue = "text",
      converter = LogFormatConverter.class,
      description = "Form of log lines and errors (default: ${DEFAULT-VALUE}).")
  LogFormat logFormat = LogFormat.TEXT;

  @Override
  public Integer call() {
    spec.commandLine().usage(System.err);
    return ExitCode.USAGE.status();
  }

  /** Reads the words in lower case. */
  static final class LogFormatConverter implements CommandLine.ITypeConverter<LogFormat> {
    @Override
    public LogFormat convert(String text) {
      return switch (text) {
        case "text" -> LogFormat.TEXT;
        case "json" -> LogFormat.JSON;
        default ->
            throw new CommandLine.TypeConversionException(
                "'" + text + "' is neither text nor json");
      };
    }
  }

  /** Version from the build. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {
        "unsealfs " + number(),
        "Java " + Runtime.version() + " " + System.getProperty("java.vendor")
      };
    }

    /** The number alone. */
    static String number() throws IOException {
      Properties build = new Properties();
      try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
        if (in != null) {
          build.load(in);
        }
      }
      return build.getProperty("version", "(unknown)");
    }
  }
}
