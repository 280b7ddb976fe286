package io.unsealfs.memory;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts copies of keys in the whole memory of a process that mounts a volume: the figures of
 * docs/benchmarking.md. Needs root, /dev/fuse and the vectors.
 */
final class MemoryFigures {
  private static final String VOLUME = "default-scrypt16";

  private MemoryFigures() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    for (String collector : List.of("-XX:+UseSerialGC", "-XX:+UseG1GC")) {
      Path folder = Files.createTempDirectory("unsealfs-memory-");
      Path key =
          Files.createFile(
              folder.resolve("key"),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(key, "correct horse battery staple".getBytes(StandardCharsets.US_ASCII));
      Search search = new Search(KeyTraces.pieces(KeyMemoryTest.unpackAndDerive(folder, VOLUME)));
      Path mountPoint = Files.createDirectory(folder.resolve("mount"));
      try (MountedProcess process =
          new MountedProcess(
              mountPoint,
              List.of(collector),
              List.of(folder.resolve(VOLUME).toString(), mountPoint.toString(), "file:" + key))) {
        print(collector, "mounted", process.wholeMemory(search));
        process.tell("collect");
        print(collector, "mounted, collected", process.wholeMemory(search));
        process.tell("overwrite");
        print(collector, "mounted, collected, overwritten", process.wholeMemory(search));
        process.readAll();
        print(collector, "mounted and read", process.wholeMemory(search));
        process.tell("unmount");
        print(collector, "unmounted", process.wholeMemory(search));
        process.tell("collect");
        print(collector, "unmounted, collected", process.wholeMemory(search));
        process.tell("overwrite");
        print(collector, "unmounted, collected, overwritten", process.wholeMemory(search));
      }
    }
  }

  private static void print(String collector, String when, Map<String, Integer> found) {
    System.out.println(collector + ", " + when + ": " + new TreeMap<>(found));
  }
}
