package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run ran on, and with which versions. */
final class Machine {
  private Machine() {}

  static Map<String, String> describe(BenchOptions options, Programs programs) throws IOException {
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("cpu", field(Path.of("/proc/cpuinfo"), "model name"));
    machine.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("memory", field(Path.of("/proc/meminfo"), "MemTotal"));
    machine.put(
        "kernel", System.getProperty("os.version", "") + " " + System.getProperty("os.arch", ""));
    machine.put("system", field(Path.of("/etc/os-release"), "PRETTY_NAME"));
    machine.put("java", Runtime.version() + " " + System.getProperty("java.vendor", ""));
    machine.put("gocryptfs", firstLine(programs, "gocryptfs", "-version"));
    machine.put("fio", firstLine(programs, "fio", "--version"));
    machine.put("libfuse3", firstLine(programs, "pkg-config", "--modversion", "fuse3"));
    machine.put("gcc", firstLine(programs, "gcc", "--version"));
    machine.put(
        "commit",
        firstLine(
            programs, "git", "-C", options.home().toString(), "describe", "--always", "--dirty"));
    machine.put("load_before", load());
    return machine;
  }

  /** Load averages of 1, 5 and 15 minutes. */
  static String load() throws IOException {
    List<String> words = List.of(Files.readString(Path.of("/proc/loadavg")).split(" ", 4));
    return String.join(" ", words.subList(0, 3));
  }

  private static String firstLine(Programs programs, String... words) {
    try {
      return programs.run(words).lines().findFirst().orElse("");
    } catch (IOException e) {
      return "missing";
    }
  }

  private static String field(Path file, String name) throws IOException {
    if (!Files.exists(file)) {
      return "unknown";
    }
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.replaceFirst("^[^:=]*[:=]\\s*", "").replace("\"", ""))
        .findFirst()
        .orElse("unknown");
  }
}
