package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.storage.local.LocalTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A directory or file of this machine. */
record LocalPlace(Path path) implements Place {

  /**
   * The place of that name.
   *
   * @throws NoSuchFileException if there is none
   */
  static LocalPlace of(String text) throws NoSuchFileException {
    Path path = Path.of(text);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(text);
    }
    return new LocalPlace(path);
  }

  @Override
  public boolean isFile() {
    return Files.isRegularFile(path);
  }

  @Override
  public Source file() throws IOException {
    return LocalFile.open(path);
  }

  @Override
  public FileTree tree() throws IOException {
    return LocalTree.open(path);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return path.toString();
  }
}
