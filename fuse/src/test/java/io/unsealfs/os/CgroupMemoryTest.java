package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupMemoryTest {
  @TempDir Path directory;

  private void write(String path, String text) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private OptionalLong limit() {
    return CgroupMemory.limitBytes(directory.resolve("proc"), directory.resolve("cg"));
  }

  @Test
  void takesTheLowestOfTheGroupAndItsParents() throws IOException {
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
    write("proc/self/cgroup", "0::/a/b\n");
    write("cg/a/memory.max", "1000000\n");
    write("cg/a/b/memory.max", "max\n");
    assertEquals(OptionalLong.of(1000000), limit());
    write("cg/a/b/memory.max", "999\n");
    assertEquals(OptionalLong.of(999), limit());
  }

  @Test
  void readsVersionOne() throws IOException {
    write("proc/meminfo", "MemTotal: 1024 kB\n");
    write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/pod\n0::/\n");
    write("cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("cg/memory/pod/memory.limit_in_bytes", "4096\n");
    assertEquals(OptionalLong.of(4096), limit());
  }

  @Test
  void isBoundedByTheMachineAndSurvivesNonsense() throws IOException {
    write("proc/meminfo", "MemTotal: 2 kB\n");
    assertEquals(OptionalLong.of(2048), limit());
    write("proc/self/cgroup", "nonsense\n0::/../../..\n0::\n");
    write("cg/memory.max", "-5\n");
    assertEquals(OptionalLong.of(2048), limit());
    Files.delete(directory.resolve("proc/meminfo"));
    assertEquals(OptionalLong.empty(), limit());
  }

  @Test
  void whatIsUnusedLeavesCachedFilesAlone() throws IOException {
    write("proc/meminfo", "MemTotal: 64 kB\nMemFree: 16 kB\nMemAvailable: 32 kB\n");
    write("proc/self/cgroup", "0::/a\n");
    assertEquals(16 << 10, unused());
    write("cg/a/memory.max", "9000\n");
    write("cg/a/memory.current", "5000\n");
    write("cg/a/memory.stat", "inactive_file 3000\nactive_file 1000\n");
    assertEquals(4000, unused());
    write("cg/a/memory.current", "9001\n");
    assertEquals(0, unused());
    Files.delete(directory.resolve("proc/meminfo"));
    Files.delete(directory.resolve("cg/a/memory.max"));
    assertEquals(0, unused(), "nobody knows");
  }

  private long unused() {
    return CgroupMemory.unusedBytes(directory.resolve("proc"), directory.resolve("cg"));
  }

  @Test
  void whatIsLeftIncludesCachedFiles() throws IOException {
    write("proc/meminfo", "MemTotal: 64 kB\nMemFree: 16 kB\nMemAvailable: 32 kB\n");
    write("proc/self/cgroup", "0::/a\n");
    assertEquals(32 << 10, left());
    write("cg/a/memory.max", "9000\n");
    write("cg/a/memory.current", "5000\n");
    write("cg/a/memory.stat", "inactive_file 3000\nactive_file 1000\n");
    assertEquals(8000, left());
    write("cg/a/memory.high", "6000\n");
    assertEquals(5000, left(), "above it the kernel slows the group down");
    write("cg/a/memory.stat", "inactive_file 0\nactive_file 0\n");
    write("cg/a/memory.current", "9001\n");
    assertEquals(0, left());
  }

  private long left() {
    return CgroupMemory.leftBytes(directory.resolve("proc"), directory.resolve("cg"));
  }

  @Test
  void knowsThisMachine() {
    assertTrue(CgroupMemory.limitBytes().orElseThrow() > 1 << 20);
  }
}
