package io.unsealfs.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The C program {@code probe.c}, for system calls that the shell's tools do not make. */
final class Probe {
  private static @Nullable Path program;

  private Probe() {}

  /** Has it do {@code word} with {@code path} below the mount point. */
  static Child run(Path point, String word, String path, Object... arguments) throws Exception {
    return Child.run(point, command(point, word, path, arguments));
  }

  /** Its answer as words; a call that failed is the name of its error. */
  static String ask(Path point, String word, String path, Object... arguments) throws Exception {
    Child child = run(point, word, path, arguments);
    if (child.exitCode() != 0) {
      throw new AssertionError(word + ": exit " + child.exitCode() + " " + child.err());
    }
    return child.text().replace('\n', ' ');
  }

  static List<String> command(Path point, String word, String path, Object... arguments)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "timeout",
                "-k",
                "2",
                "60",
                program().toString(),
                word,
                point.resolve(path).toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  /** The program, built at its first use. */
  static synchronized Path program() throws IOException, InterruptedException {
    Path built = program;
    if (built == null) {
      Mounts.require(Files.isExecutable(Path.of("/usr/bin/gcc")), "gcc");
      Path source =
          Path.of(System.getProperty("unsealfs.root", ".."), "fuse", "src", "test", "c", "probe.c");
      built = Files.createTempFile("probe", "");
      built.toFile().deleteOnExit();
      Child compiler =
          Child.run(
              built,
              List.of(
                  "gcc",
                  "-Wall",
                  "-Wextra",
                  "-Werror",
                  "-O1",
                  "-o",
                  built.toString(),
                  source.toAbsolutePath().toString()));
      if (compiler.exitCode() != 0) {
        throw new AssertionError(compiler.err());
      }
      program = built;
    }
    return built;
  }
}
