package io.unsealfs.soak;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a soak must not leave behind: mounts and processes that know its directory. */
final class Leftovers {
  private Leftovers() {}

  /** Lines of the mount table below {@code directory}. */
  static List<String> mounts(Path directory) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1).stream()
        .filter(line -> line.split(" ", -1)[4].startsWith(directory.toString()))
        .toList();
  }

  /** Command lines of processes that name something below {@code directory}. */
  static List<String> processes(Path directory) throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        try {
          String words =
              Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                  .replace('\0', ' ');
          if (words.contains(directory.toString())) {
            found.add(process.getFileName() + " " + words);
          }
        } catch (IOException e) {
          // it ended meanwhile
        }
      }
    }
    return found;
  }
}
