package io.unsealfs.daemon;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory that is there already and gets content: a volume of a pod, on whose place nothing can
 * be renamed. The content is written below a name of its own first, and moved up when all is there.
 */
final class FilledDirectory {
  private static final String PARTIAL = ".unsealfs-partial";

  private FilledDirectory() {}

  /**
   * Removes what an earlier run that was killed left, and refuses a directory in which something
   * would be overwritten.
   *
   * @throws FileAlreadyExistsException if there is anything else in it
   */
  static void prepare(Path directory) throws IOException {
    for (Path entry : entries(directory)) {
      if (isPartial(entry)) {
        remove(entry);
      } else if (!entry.endsWith("lost+found")) { // which a new file system has by itself
        throw new FileAlreadyExistsException(
            directory + ": holds " + entry.getFileName() + "; --into wants an empty directory");
      }
    }
  }

  private static void remove(Path tree) throws IOException {
    List<Path> found;
    try (Stream<Path> all = Files.walk(tree)) {
      found = all.toList();
    }
    for (Path path : found.reversed()) {
      Files.delete(path);
    }
  }

  /** The name of ours, or a temporary one that begins with it. */
  private static boolean isPartial(Path entry) {
    Path name = entry.getFileName();
    return name != null && name.toString().contains(PARTIAL);
  }

  /** Where the content is to be written first. */
  static Path inside(Path directory) {
    return directory.toAbsolutePath().resolve(PARTIAL);
  }

  /** Puts what is there into its place. */
  static void moveUp(Path directory) throws IOException {
    Path partial = inside(directory);
    for (Path entry : entries(partial)) {
      Files.move(
          entry,
          directory.toAbsolutePath().resolve(entry.getFileName()),
          StandardCopyOption.ATOMIC_MOVE);
    }
    Files.delete(partial);
  }

  private static List<Path> entries(Path directory) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      found.forEach(entries::add);
    }
    return entries;
  }
}
