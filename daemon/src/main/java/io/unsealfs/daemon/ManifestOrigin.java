package io.unsealfs.daemon;

import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestException;
import io.unsealfs.storage.object.Cancellation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a manifest lies; its text names it for people. */
interface ManifestOrigin {

  /** Reads all of it. What it holds is judged elsewhere. */
  byte[] read(Cancellation cancellation) throws IOException;

  /** Most bytes of one: it is kept in memory, and there is less than a manifest may have. */
  static int bytesMost() {
    return (int) Math.min(Manifest.BYTES_MOST, Runtime.getRuntime().maxMemory() / 4);
  }

  /** Refuses what is larger. */
  static void requireRoom(Object name, long size) throws ManifestException {
    if (size > bytesMost()) {
      throw new ManifestException(
          name + ": larger than the " + bytesMost() + " bytes a manifest may have in this heap");
    }
  }

  /** A file of this machine. */
  record LocalFile(Path path) implements ManifestOrigin {
    @Override
    public byte[] read(Cancellation cancellation) throws IOException {
      try (InputStream in = Files.newInputStream(path)) {
        byte[] bytes = in.readNBytes(bytesMost() + 1);
        requireRoom(path, bytes.length);
        return bytes;
      }
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }
}
