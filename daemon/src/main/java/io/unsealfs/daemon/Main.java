package io.unsealfs.daemon;

import io.unsealfs.daemon.log.Logs;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Entry of the program: parses, runs one command, maps its error to one line and an exit code. */
public final class Main {
  private Main() {}

  /** Runs a command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    CallerChannel caller = CallerChannel.fromEnvironment(System.getenv());
    int status = run(List.of(arguments), new Wiring(caller));
    caller.report(status);
    System.exit(status);
  }

  /** Runs a command without ending the JVM. */
  static int run(List<String> arguments, Wiring wiring) {
    RootCommand root = new RootCommand();
    CommandLine commandLine = commandLine(root, wiring, arguments);
    List<String> ours = RunCommand.Split.of(arguments).ours();
    try {
      return commandLine.execute(OptionList.detached(ours).toArray(String[]::new));
    } catch (Error e) {
      // picocli hands only exceptions to its handler, and nobody gets a stack trace unasked
      return fail(root, "fault", e);
    }
  }

  /** The command line of the whole program, as far as {@code arguments} have a use for it. */
  static CommandLine commandLine(RootCommand root, Wiring wiring, List<String> arguments) {
    CommandLine commandLine = new CommandLine(root);
    if (CommandWord.of(arguments).equals("mount")) {
      // reading the annotations of all the others would take as long as mounting
      commandLine.addSubcommand(new MountCommand(wiring));
    } else if (CommandWord.of(arguments).equals("run")) {
      commandLine.addSubcommand(new RunCommand(wiring, RunCommand.Split.of(arguments).command()));
    } else {
      addCommands(commandLine, wiring);
    }
    giveHelp(commandLine);
    commandLine.registerConverter(ByteSize.class, new ByteSize.Converter());
    commandLine.setDefaultValueProvider(new EnvironmentDefaults(System.getenv()));
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setParameterExceptionHandler((error, words) -> usage(root, error));
    commandLine.setExecutionStrategy(parsed -> {
      CommandLine last = innermost(parsed).commandSpec().commandLine();
      boolean quiet = !(last.getCommand() instanceof Chatty chatty && chatty.isChatty());
      wiring.useLogs(Logs.toStandardError(root.logFormat, root.debug, quiet));
      return new CommandLine.RunLast().execute(parsed);
    });
    commandLine.setExecutionExceptionHandler(
        (error, command, parsed) -> fail(root, words(command), error));
    return commandLine;
  }

  private static void addCommands(CommandLine commandLine, Wiring wiring) {
    commandLine
        .addSubcommand(new MountCommand(wiring))
        .addSubcommand(new RunCommand(wiring, List.of()))
        .addSubcommand(new UmountCommand())
        .addSubcommand(new StatusCommand())
        .addSubcommand(new EncryptCommand(wiring))
        .addSubcommand(new CheckCommand(wiring))
        .addSubcommand(new ManifestCommand(wiring))
        .addSubcommand(new LsCommand(wiring))
        .addSubcommand(new CatCommand(wiring))
        .addSubcommand(new ExportCommand(wiring))
        .addSubcommand(new InfoCommand(wiring))
        .addSubcommand(new CommandLine(new KeyCommand()).addSubcommand(new KeyFetchCommand(wiring)))
        .addSubcommand(
            new CommandLine(new KeyServerCommand(wiring))
                .addSubcommand(new KeyServerInitCommand())
                .addSubcommand(new KeyServerPskCommand(wiring))
                .addSubcommand(
                    new CommandLine(new KeyServerKekCommand())
                        .addSubcommand(new KeyServerKekDeriveCommand(wiring))
                        .addSubcommand(new KeyServerKekListCommand(wiring))
                        .addSubcommand(new KeyServerKekRotateCommand(wiring)))
                .addSubcommand(
                    new CommandLine(new KeyServerSecretCommand())
                        .addSubcommand(new KeyServerSecretAddCommand(wiring))
                        .addSubcommand(new KeyServerSecretListCommand(wiring))
                        .addSubcommand(new KeyServerSecretShowCommand(wiring))
                        .addSubcommand(new KeyServerSecretRotateCommand(wiring))
                        .addSubcommand(new KeyServerSecretDisableCommand(wiring))
                        .addSubcommand(new KeyServerSecretEnableCommand(wiring))
                        .addSubcommand(new KeyServerSecretDestroyCommand(wiring))
                        .addSubcommand(new KeyServerSecretRemoveCommand(wiring))
                        .addSubcommand(new KeyServerSecretImportCommand(wiring))))
        .addSubcommand(new CommandLine(new AuditCommand()).addSubcommand(new AuditVerifyCommand()))
        .addSubcommand(new AttestCommand(wiring))
        .addSubcommand(new VerifyCommand())
        .addSubcommand(
            new CommandLine(new PolicyCommand())
                .addSubcommand(new PolicyLearnCommand())
                .addSubcommand(new PolicyExplainCommand()))
        .addSubcommand(
            new CommandLine(new CollateralCommand())
                .addSubcommand(new CollateralFetchCommand())
                .addSubcommand(new CollateralCheckCommand()))
        .addSubcommand(new WarmCommand(wiring))
        .addSubcommand(new CommandLine(new CacheCommand()).addSubcommand(new CachePurgeCommand()))
        .addSubcommand(new BenchCommand(wiring))
        .addSubcommand(new DoctorCommand(wiring))
        .addSubcommand(new DemoCommand())
        .addSubcommand("generate-completion", new picocli.AutoComplete.GenerateCompletion())
        .addSubcommand("help", new CommandLine.HelpCommand());
  }

  private static void giveHelp(CommandLine commandLine) {
    for (CommandLine command : commandLine.getSubcommands().values()) {
      if (!command.getCommandSpec().optionsMap().containsKey("--help")) {
        command.getCommandSpec().mixinStandardHelpOptions(true);
        command.getCommandSpec().versionProvider(new RootCommand.Version());
      }
      giveHelp(command);
    }
  }

  private static CommandLine.ParseResult innermost(CommandLine.ParseResult parsed) {
    return parsed.hasSubcommand() ? innermost(parsed.subcommand()) : parsed;
  }

  private static int usage(RootCommand root, ParameterException error) {
    CommandLine command = error.getCommandLine();
    boolean topLevel = command.getParent() == null;
    String where = topLevel ? "" : " " + words(command);
    UsageException usage = new UsageException(error.getMessage() + "; see: unsealfs help" + where);
    String name = topLevel ? "command line" : words(command);
    System.err.println(FailureLine.onStandardError(root.logFormat, name, ExitCode.USAGE, usage));
    return ExitCode.USAGE.status();
  }

  /** The command as the user typed it: {@code key fetch}. */
  private static String words(CommandLine command) {
    CommandLine parent = command.getParent();
    return parent == null || parent.getParent() == null
        ? command.getCommandName()
        : words(parent) + " " + command.getCommandName();
  }

  private static int fail(RootCommand root, String command, Throwable error) {
    ExitCode code = ExitCode.of(error);
    System.err.println(FailureLine.onStandardError(root.logFormat, command, code, error));
    if (root.debug) {
      error.printStackTrace();
    }
    return code.status();
  }
}
