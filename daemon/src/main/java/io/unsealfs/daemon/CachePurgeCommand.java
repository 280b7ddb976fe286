package io.unsealfs.daemon;

import io.unsealfs.storage.chunk.DiskCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs cache purge}. */
@Command(
    name = "purge",
    description =
        "Deletes the ciphertext that mounts of buckets kept on disk. Running mounts fetch it again.")
final class CachePurgeCommand implements Callable<Integer> {
  @Option(
      names = "--chunk-cache-dir",
      required = true,
      paramLabel = "DIR",
      description = "The directory that the mounts were given.")
  Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new NoSuchFileException(directory + ": no such directory");
    }
    long bytes = DiskCache.purge(directory);
    System.err.println("unsealfs: " + bytes + " bytes deleted");
    return ExitCode.DONE.status();
  }
}
