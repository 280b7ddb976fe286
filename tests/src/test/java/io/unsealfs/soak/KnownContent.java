package io.unsealfs.soak;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A tree of files whose bytes follow from their names, so that a reader needs nothing but the mount
 * to know what is right: see {@code soak-reader.c}.
 */
final class KnownContent {
  private static final int CHUNK = 1 << 16;

  private KnownContent() {}

  /**
   * Makes the tree.
   *
   * @param largest bytes of the largest file
   */
  static void make(Path root, long largest, Random random) throws IOException {
    long[] sizes = {largest + 123, largest / 4, (4 << 20) + 1, (1 << 20) - 1, 131_073, 4096, 1};
    Path large = Files.createDirectories(root.resolve("large-" + sizes.length));
    for (int id = 0; id < sizes.length; id++) {
      file(large, id, sizes[id]);
    }
    int smallFiles = 300;
    Path small = Files.createDirectories(root.resolve("small-" + smallFiles));
    for (int id = 0; id < smallFiles; id++) {
      file(small, 1000 + id, random.nextInt(20_000));
    }
    int names = 3000;
    Path many = Files.createDirectories(root.resolve("names-" + names));
    for (int id = 0; id < names; id++) {
      Files.createFile(many.resolve(id + "-0"));
    }
  }

  private static void file(Path directory, long id, long size) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream out = Files.newOutputStream(directory.resolve(id + "-" + size))) {
      for (long at = 0; at < size; at += CHUNK) {
        for (int i = 0; i < CHUNK; i += Long.BYTES) {
          chunk.putLong(i, mix(id << 40 | (at + i) / Long.BYTES));
        }
        out.write(chunk.array(), 0, (int) Math.min(CHUNK, size - at));
      }
    }
  }

  /** One step of splitmix64. */
  private static long mix(long seed) {
    long x = seed + 0x9E3779B97F4A7C15L;
    x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
    x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
    return x ^ (x >>> 31);
  }
}
