package io.unsealfs.os;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryPressureTest {
  private static final Path MEMORY_GROUPS = Path.of("/sys/fs/cgroup/memory");

  @TempDir Path directory;

  private void write(String path, String text) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private MemoryPressure pressure() {
    return new MemoryPressure(directory.resolve("proc"), directory.resolve("cg"));
  }

  private boolean isShort() throws InterruptedException {
    try (MemoryPressure pressure = pressure()) {
      return pressure.await(Duration.ZERO);
    }
  }

  @Test
  void aGroupNearItsLimitIsShortOfMemory() throws IOException, InterruptedException {
    write("proc/self/cgroup", "0::/pod/container\n");
    write("cg/pod/container/memory.max", "1000\n");
    write("cg/pod/container/memory.current", "901\n");
    assertTrue(isShort());
    write("cg/pod/container/memory.current", "899\n");
    assertFalse(isShort());
  }

  @Test
  void aParentCountsAndSoDoesTheLimitAtWhichTheKernelSlowsDown()
      throws IOException, InterruptedException {
    write("proc/self/cgroup", "0::/pod/container\n");
    write("cg/pod/container/memory.max", "max\n");
    write("cg/pod/container/memory.current", "950\n");
    write("cg/pod/memory.max", "max\n");
    write("cg/pod/memory.current", "950\n");
    assertFalse(isShort());
    write("cg/pod/memory.high", "1000\n");
    assertTrue(isShort());
  }

  @Test
  void cachedFilesAreNotCountedSinceTheKernelDropsThem() throws IOException, InterruptedException {
    write("proc/self/cgroup", "0::/pod\n");
    write("cg/pod/memory.max", "1000\n");
    write("cg/pod/memory.current", "1000\n");
    write("cg/pod/memory.stat", "anon 100\nfile 900\ninactive_file 700\nactive_file 200\n");
    assertFalse(isShort());
    write("cg/pod/memory.stat", "anon 100\nfile 900\ninactive_file 50\nactive_file 20\n");
    assertTrue(isShort());
  }

  @Test
  void versionOneHasOtherNames() throws IOException, InterruptedException {
    write("proc/self/cgroup", "4:memory:/pod\n0::/\n");
    write("cg/memory/pod/memory.limit_in_bytes", "1000\n");
    write("cg/memory/pod/memory.usage_in_bytes", "1000\n");
    write("cg/memory/pod/memory.stat", "inactive_file 900\ntotal_inactive_file 90\n");
    assertTrue(isShort());
    write("cg/memory/pod/memory.stat", "total_inactive_file 800\n");
    assertFalse(isShort());
  }

  @Test
  void nothingIsKnownWithoutGroups() throws InterruptedException {
    assertFalse(isShort());
  }

  @Test
  void whereTheTriggerIsLostTheFiguresAreLookedAt() throws IOException, InterruptedException {
    write("proc/self/cgroup", "0::/pod\n");
    write("cg/pod/memory.max", "1000\n");
    write("cg/pod/memory.current", "950\n");
    write("cg/pod/memory.pressure", "");
    try (MemoryPressure pressure = pressure()) {
      assertFalse(pressure.await(Duration.ofMillis(1)), "the trigger is silent");
      requireNonNull(pressure.trigger()).close();
      assertTrue(pressure.await(Duration.ofMinutes(1)));
    }
  }

  @Test
  void closingEndsTheWait() throws InterruptedException {
    MemoryPressure pressure = MemoryPressure.ofThisProcess();
    pressure.close();
    assertFalse(pressure.await(Duration.ofHours(1)));
    pressure.close();
  }

  /** Runs in a group with a small limit: takes memory until the watcher says that it is short. */
  static final class Eater {
    public static void main(String[] arguments) throws InterruptedException {
      List<byte[]> eaten = new java.util.ArrayList<>();
      try (MemoryPressure pressure = MemoryPressure.ofThisProcess()) {
        if (pressure.await(Duration.ofMillis(1))) {
          System.exit(3); // nothing was taken yet
        }
        for (int i = 0; i < 400; i++) {
          byte[] more = new byte[1 << 20];
          java.util.Arrays.fill(more, (byte) 1);
          eaten.add(more);
          if (pressure.await(Duration.ofMillis(1))) {
            System.out.println(
                CgroupMemory.limitBytes().orElse(-1) + " " + CgroupMemory.isLimited());
            System.exit(eaten.size() > 10 ? 0 : 4);
          }
        }
      }
      System.exit(5);
    }
  }

  @Test
  void aRealGroupIsWatched() throws IOException, InterruptedException {
    assumeTrue(Files.isWritable(MEMORY_GROUPS), "control groups of version 1 that may be written");
    Path group = MEMORY_GROUPS.resolve("unsealfs-test-" + ProcessHandle.current().pid());
    Files.createDirectory(group);
    try {
      Files.writeString(group.resolve("memory.limit_in_bytes"), String.valueOf(300 << 20));
      Path out = directory.resolve("out");
      // the shell joins the group and becomes the JVM
      Process eater =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"",
                  group.toString(),
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx1g",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Eater.class.getName())
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start();
      try {
        assertTrue(eater.waitFor(2, TimeUnit.MINUTES), "still running");
        assertEquals(0, eater.exitValue(), () -> read(out));
        assertEquals((300 << 20) + " true", read(out).strip());
      } finally {
        eater.destroyForcibly().waitFor();
      }
    } finally {
      Files.delete(group);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
