package io.unsealfs.verify.eventlog;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Entries of RTMR2 that a boot loader makes: GRUB's commands and command lines, and the command
 * line that systemd's stub hands on. GRUB digests only what follows its prefix, so the prefix is a
 * mere claim and what it is has to be told from the text.
 */
final class BootLoaderEntries {
  private static final List<String> COMMAND_PREFIXES = List.of("grub_cmd: ", "grub_cmd ");
  private static final List<String> COMMAND_LINE_PREFIXES =
      List.of("kernel_cmdline: ", "grub_kernel_cmdline ");

  /**
   * A word or an assignment or a test; a command line begins with a file's path or blocks. And not
   * a compressed initrd: bzip2 is the one form that might be made of letters only.
   */
  private static final Pattern COMMAND = Pattern.compile("(?!BZh)[A-Za-z_\\[!.].*", Pattern.DOTALL);

  private static final Pattern LOADS_KERNEL =
      Pattern.compile("(?:linux|multiboot|xen_hypervisor|module)[0-9a-z]*\\s.*", Pattern.DOTALL);

  private static final Pattern LOADS_INITRD =
      Pattern.compile("initrd[0-9a-z]*\\s+(.*)", Pattern.DOTALL);

  private final List<String> commandLines = new ArrayList<>();
  private final List<String> commands = new ArrayList<>();
  private boolean commandLineIsDue;

  /** Takes an entry in; false if its digest is not that of its text. */
  boolean explain(LogEntry entry) {
    if (FirmwareEntries.isSeparator(entry)) {
      return true;
    }
    if (entry.type() != LogEntry.EV_IPL) {
      return false;
    }
    Optional<String> utf16 = utf16CommandLine(entry);
    if (utf16.isPresent()) {
      addCommandLine(utf16.get());
      return true;
    }
    byte[] data = entry.data();
    Optional<String> said =
        PrintableText.of(Arrays.copyOf(data, PrintableText.lengthBeforeZero(data)));
    if (said.isEmpty()) {
      return false;
    }
    Optional<String> commandLine = afterPrefix(said.get(), COMMAND_LINE_PREFIXES);
    if (commandLine.isPresent() && isDigestOf(entry, commandLine.get())) {
      addCommandLine(commandLine.get());
      return true;
    }
    Optional<String> command = afterPrefix(said.get(), COMMAND_PREFIXES);
    return command.isPresent() && isDigestOf(entry, command.get()) && isCommand(command.get());
  }

  /**
   * Whether it is a command and not a command line under a command's prefix: those begin with a
   * path, and follow the command that loads a kernel.
   */
  private boolean isCommand(String text) {
    if (commandLineIsDue || !COMMAND.matcher(text).matches()) {
      return false;
    }
    commands.add(text);
    commandLineIsDue = LOADS_KERNEL.matcher(text).matches();
    return true;
  }

  private static boolean isDigestOf(LogEntry entry, String text) {
    return FirmwareEntries.isDigestOf(entry, text.getBytes(StandardCharsets.UTF_8))
        || FirmwareEntries.isDigestOf(entry, (text + "\0").getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<String> afterPrefix(String text, List<String> prefixes) {
    for (String prefix : prefixes) {
      if (text.startsWith(prefix)) {
        return Optional.of(text.substring(prefix.length()));
      }
    }
    return Optional.empty();
  }

  private static Optional<String> utf16CommandLine(LogEntry entry) {
    byte[] data = entry.data();
    if (data.length < 2 * Character.BYTES
        || data.length % Character.BYTES != 0
        || data[1] != 0
        || !FirmwareEntries.isDigestOf(entry, data)) {
      return Optional.empty();
    }
    String text = new String(data, StandardCharsets.UTF_16LE);
    if (!text.endsWith("\0")) {
      return Optional.empty();
    }
    return PrintableText.of(text.substring(0, text.length() - 1).getBytes(StandardCharsets.UTF_8));
  }

  void addCommandLine(String text) {
    commandLineIsDue = false;
    commandLines.add(text);
  }

  List<String> commandLines() {
    return commandLines;
  }

  Optional<String> commandsDigest() {
    if (commands.isEmpty()) {
      return Optional.empty();
    }
    MessageDigest sha384 = Sha384.create();
    for (String command : commands) {
      sha384.update(command.getBytes(StandardCharsets.UTF_8));
      sha384.update((byte) '\n');
    }
    return Optional.of(HexFormat.of().formatHex(sha384.digest()));
  }

  /** Whether a command line begins with this path. */
  boolean isKernelPath(String path) {
    return commandLines.stream().anyMatch(line -> line.equals(path) || line.startsWith(path + " "));
  }

  /** Whether a command loads an initrd from this path. */
  boolean isInitrdPath(String path) {
    return commands.stream()
        .map(LOADS_INITRD::matcher)
        .anyMatch(m -> m.matches() && List.of(m.group(1).split("\\s+")).contains(path));
  }
}
