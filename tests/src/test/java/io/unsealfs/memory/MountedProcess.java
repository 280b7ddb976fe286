package io.unsealfs.memory;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running {@link MountingProgram}. */
final class MountedProcess implements AutoCloseable {
  private static final Pattern HEAP =
      Pattern.compile("Heap address: 0x([0-9a-f]+), size: (\\d+) MB");

  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final Path mountPoint;
  private long heapFrom;
  private long heapTo;

  MountedProcess(Path mountPoint, List<String> javaOptions, List<String> arguments)
      throws IOException {
    this.mountPoint = mountPoint;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Xmx192m",
            "-Xlog:gc+heap+coops=debug:stdout"));
    command.addAll(javaOptions);
    command.addAll(List.of("-cp", classPath(), MountingProgram.class.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // the class path goes in the options; nothing secret goes in either
    builder.environment().keySet().removeIf(name -> name.contains("JAVA"));
    process = builder.start();
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    in = process.outputWriter(StandardCharsets.UTF_8);
    await("mounted");
  }

  private static String classPath() {
    String surefire = System.getProperty("surefire.test.class.path", "");
    return surefire.isEmpty() ? System.getProperty("java.class.path") : surefire;
  }

  private void await(String answer) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher heap = HEAP.matcher(line);
      if (heap.find()) {
        heapFrom = Long.parseUnsignedLong(heap.group(1), 16);
        heapTo = heapFrom + (Long.parseLong(heap.group(2)) << 20);
      }
      if (line.equals(answer)) {
        return;
      }
    }
    throw new AssertionError("the mounting process ended before it said: " + answer);
  }

  /** Has it done, and waits until it is. */
  void tell(String command) throws IOException {
    in.write(command + "\n");
    in.flush();
    await(command);
  }

  /** Reads all content of the mount. */
  void readAll() throws IOException, InterruptedException {
    Process reader =
        new ProcessBuilder("find", mountPoint.toString(), "-type", "f", "-exec", "cat", "{}", "+")
            .redirectOutput(new File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (reader.waitFor() != 0) {
      throw new AssertionError("the mount cannot be read");
    }
  }

  /** Secrets in a dump of its live objects. */
  Map<String, Integer> liveObjects(Path folder, Search search) throws IOException {
    Path dump = folder.resolve("dump-" + System.nanoTime() + ".hprof");
    tell("dump " + dump);
    Map<String, Integer> found = search.in(dump);
    Files.delete(dump);
    return found;
  }

  /** Secrets in all of its memory. */
  Map<String, Integer> wholeMemory(Search search) throws IOException {
    return search.in(process.pid(), heapFrom, heapTo);
  }

  @Override
  public void close() throws IOException {
    in.close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      new ProcessBuilder("umount", "-l", mountPoint.toString())
          .redirectError(new File("/dev/null"))
          .start()
          .waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
