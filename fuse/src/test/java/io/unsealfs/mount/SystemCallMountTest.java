package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** System calls that programs make on a mount: what a file system on a disk would answer. */
@EachTransport
final class SystemCallMountTest {
  private static final long HUGE = (5L << 30) + 12_345;

  @TempDir Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private final Node odd;
  private final Node large;
  private final Node huge;
  private @Nullable Mount mount;

  SystemCallMountTest(Transport transport) {
    this.transport = transport;
    odd = tree.file("odd", 100_003);
    large = tree.file("large", 3_000_001);
    huge = tree.file("huge", HUGE);
    tree.file("empty", 0);
    tree.directory(tree.top(), Name.of("dir"));
    tree.link("link", Name.of("odd"));
    add(5001, "fifo", NodeKind.FIFO, 0);
    add(5002, "socket", NodeKind.SOCKET, 0);
    // as stat(2) gives it: major 8, minor 17
    add(5003, "block", NodeKind.BLOCK_DEVICE, 0x811);
    add(5004, "character", NodeKind.CHARACTER_DEVICE, 0x103);
  }

  private void add(long id, String name, NodeKind kind, long device) {
    Name bytes = Name.of(name);
    tree.add(
        tree.top(), bytes, new Attributes(kind, id, 0, 0, 0644, 0, 0, 1, 1_000_000_000, 0, device));
  }

  @BeforeEach
  void mount() throws Exception {
    Mounts.requireFuse();
    mount = Mounts.mount(transport, tree, point);
  }

  @AfterEach
  void unmount() throws Exception {
    if (mount != null) {
      Mounts.end(mount);
    }
  }

  private static byte[] content(Node file, long offset, int length) {
    long size = file.attributes().size();
    byte[] bytes = new byte[(int) Math.clamp(size - offset, 0L, (long) length)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = MemoryTree.content(file.attributes().fileId(), offset + i);
    }
    return bytes;
  }

  private byte[] bytes(String word, String path, Object... arguments) throws Exception {
    Child child = Probe.run(point, word, path, arguments);
    assertEquals(0, child.exitCode(), child.err());
    return child.out();
  }

  @Test
  void readsPastThePageCacheAreExactAtAnyOffsetAndLength() throws Exception {
    long[][] ranges = {
      {0, 1},
      {0, 4096},
      {1, 4095},
      {511, 513},
      {4095, 2},
      {4097, 70_001},
      {131_071, 2},
      {99_999, 50_000},
      {100_003, 10},
      {3_000_000, 1},
      {1_000_001, 1_300_000},
      {0, 3_000_001}
    };
    for (long[] range : ranges) {
      int length = (int) range[1];
      String where = range[0] + " " + length;
      assertArrayEquals(
          content(odd, range[0], length), bytes("direct", "odd", range[0], length), "odd " + where);
      assertArrayEquals(
          content(large, range[0], length),
          bytes("direct", "large", range[0], length),
          "large " + where);
    }
    assertEquals(0, bytes("direct", "empty", 0, 100).length);
  }

  @Test
  void offsetsBeyondFourGibibytesAreReadExactly() throws Exception {
    for (long offset :
        new long[] {(1L << 31) - 100, (1L << 32) - 3, 1L << 32, (1L << 32) + 70_001, HUGE - 5000}) {
      byte[] expected = content(huge, offset, 9000);
      assertArrayEquals(expected, bytes("read", "huge", offset, 9000), "at " + offset);
      assertArrayEquals(expected, bytes("direct", "huge", offset, 9000), "direct at " + offset);
    }
    assertEquals(0, bytes("read", "huge", HUGE, 10).length);
    assertEquals(Long.toString(HUGE), Child.shell(point, "stat -c %s \"$M/huge\"").text());
  }

  @Test
  void mappingsShowTheFileAndNeverChangeIt() throws Exception {
    assertArrayEquals(MemoryTree.content(large), bytes("mmap-private", "large"));
    assertArrayEquals(MemoryTree.content(large), bytes("mmap-shared", "large"));
    assertArrayEquals(MemoryTree.content(odd), bytes("mmap-shared", "odd"));
    assertEquals("private EACCES", Probe.ask(point, "mmap-write", "odd"));
  }

  @Test
  void everyWayOfCopyingGivesTheSameBytes() throws Exception {
    byte[] expected = MemoryTree.content(large);
    assertArrayEquals(expected, bytes("sendfile", "large"), "sendfile");
    assertArrayEquals(expected, bytes("splice", "large"), "splice");
    for (String script :
        new String[] {
          "cat \"$M/large\" | cat",
          "dd if=\"$M/large\" iflag=direct bs=64k status=none",
          "dd if=\"$M/large\" bs=4097 status=none",
          "tail -c +1 \"$M/large\"",
          "t=$(mktemp) && cp --reflink=never \"$M/large\" $t && cat $t && rm $t",
          "t=$(mktemp) && cp --reflink=auto --sparse=always \"$M/large\" $t && cat $t && rm $t"
        }) {
      Child child = Child.shell(point, script);
      assertArrayEquals(expected, child.out(), () -> script + ": " + child.err());
    }
  }

  @Test
  void openingForAnythingButReadingIsRefusedAsReadOnly() throws Exception {
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("open-write odd", "EROFS");
    expected.put("open-both odd", "EROFS");
    expected.put("open-append odd", "EROFS");
    expected.put("open-truncate odd", "EROFS");
    expected.put("open-create none", "EROFS");
    expected.put("open-create odd", "0");
    expected.put("open-exclusive odd", "EEXIST");
    expected.put("open-exclusive none", "EROFS");
    expected.put("open-temporary dir", "EROFS");
    expected.put("open-path odd", "0");
    expected.put("open-path link", "0");
    expected.put("open-directory odd", "ENOTDIR");
    expected.put("open-directory dir", "0");
    expected.put("open-nofollow link", "ELOOP");
    expected.put("access-read odd", "0");
    expected.put("access-exists odd", "0");
    expected.put("access-write odd", "EROFS");
    expected.put("access-execute odd", "EACCES");
    expected.put("access-exists none", "ENOENT");
    Map<String, String> seen = new LinkedHashMap<>();
    for (String use : expected.keySet()) {
      String[] words = use.split(" ", -1);
      seen.put(use, Probe.ask(point, words[0], words[1]));
    }
    assertEquals(expected, seen);
  }

  @Test
  void whatIsDoneToAnOpenFileChangesNothing() throws Exception {
    assertEquals(
        // fsync fdatasync fadvise×3 readahead
        "0 0 0 0 0 0 "
            // pwrite ftruncate, on a descriptor for reading
            + "EBADF EINVAL "
            // fchmod fchown futimens fsetxattr fremovexattr
            + "EROFS EROFS EROFS EROFS EROFS "
            // fallocate close
            + "EBADF 0",
        Probe.ask(point, "descriptor", "odd"));
    assertArrayEquals(MemoryTree.content(odd), bytes("read", "odd", 0, 200_000));
  }

  @Test
  void locksAreKeptByTheKernel() throws Exception {
    assertEquals("0 EAGAIN 0 0 0 0 locked", Probe.ask(point, "locks", "odd"));
  }

  @Test
  void aFileIsAllDataWithoutHoles() throws Exception {
    assertEquals("0 50001 100003 ENXIO 100003", Probe.ask(point, "holes", "odd"));
  }

  @Test
  void filesAndDirectoriesHaveNoControls() throws Exception {
    assertEquals("ENOTTY ENOTTY", Probe.ask(point, "ioctl", "odd"));
    assertEquals("ENOTTY ENOTTY", Probe.ask(point, "ioctl", "dir"));
  }

  @Test
  void specialFilesAreShownAsWhatTheyAre() throws Exception {
    Child child =
        Child.shell(
            point, "cd \"$M\" && stat -c '%n %F %t %T' block character fifo socket link dir");
    assertEquals(
        """
        block block special file 8 11
        character character special file 1 3
        fifo fifo 0 0
        socket socket 0 0
        link symbolic link 0 0
        dir directory 0 0\
        """,
        child.text(),
        child.err());
    Child types = Child.shell(point, "find \"$M\" -mindepth 1 -printf '%f %y\\n' | sort");
    assertTrue(types.text().contains("block b\ncharacter c\ndir d\n"), types.text());
    assertTrue(types.text().endsWith("odd f\nsocket s"), types.text());
    // nodev: a device that the storage made up is not a way to the host's devices
    assertTrue(
        Child.shell(point, "cat \"$M/character\"").err().contains("Permission denied"), "nodev");
    assertTrue(Child.shell(point, "cat \"$M/socket\"").err().contains("No such device or address"));
  }

  @Test
  void aFileIsReadTheSameThroughSeveralDescriptorsAtOnce() throws Exception {
    Child child =
        Child.shell(point, "for i in 1 2 3 4 5 6 7 8; do sha256sum < \"$M/large\" & done; wait");
    assertEquals(8, child.text().lines().count());
    assertEquals(1, child.text().lines().distinct().count());
    assertEquals(
        64, Arrays.stream(child.text().split("[ \n]", -1)).findFirst().orElse("").length());
  }
}
