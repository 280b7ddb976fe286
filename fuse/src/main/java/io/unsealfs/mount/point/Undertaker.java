package io.unsealfs.mount.point;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Whoever unmounts for a process that was killed: our {@link DeathWatch}, or the fusermount that
 * libfuse left behind. They unmount by path, so that a mount made before they are done is taken
 * away in place of the dead one.
 */
final class Undertaker {
  private static final Set<String> UNMOUNTERS =
      Set.of("umount", "fusermount", "fusermount3", DeathWatch.NAME);

  private Undertaker() {}

  /** Whether one is there for {@code point}, as far as this process can see others. */
  static boolean isAtWorkOn(MountPoint point) {
    String path = new String(point.bytes().toBytes(), StandardCharsets.ISO_8859_1);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        List<String> words = commandLine(process);
        if (words.contains(path)
            && words.stream().map(Undertaker::program).anyMatch(UNMOUNTERS::contains)) {
          return true;
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return false; // without /proc nobody can be seen
    }
    return false;
  }

  private static String program(String word) {
    return word.substring(word.lastIndexOf('/') + 1);
  }

  private static List<String> commandLine(Path process) {
    try {
      byte[] words = Files.readAllBytes(process.resolve("cmdline"));
      return List.of(new String(words, StandardCharsets.ISO_8859_1).split("\0", -1));
    } catch (IOException e) {
      return List.of(); // it ended meanwhile
    }
  }
}
