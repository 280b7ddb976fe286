package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories: long names, many names, positions in them, and names that the kernel forgets. */
@EachTransport
final class ListingMountTest {
  private static final int MANY = 10_000;

  @TempDir Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private @Nullable Mount mount;

  ListingMountTest(Transport transport) {
    this.transport = transport;
  }

  @BeforeEach
  void needsFuse() {
    Mounts.requireFuse();
  }

  @AfterEach
  void unmount() throws Exception {
    if (mount != null) {
      Mounts.end(mount);
    }
  }

  private void mount() throws Exception {
    mount = Mounts.mount(transport, tree, point);
  }

  private String text(String script) throws Exception {
    Child child = Child.shell(point, script);
    assertEquals(0, child.exitCode(), () -> script + ": " + child.err());
    return child.text();
  }

  /** Names of every length, some of them of several kinds of objects. */
  private void addMany() {
    MemoryTree.MemoryNode directory = tree.directory(tree.top(), Name.of("many"));
    for (int i = 0; i < MANY; i++) {
      Name name = Name.of("entry-" + i + "-" + "x".repeat(i % 200));
      switch (i % 100) {
        case 1 -> tree.directory(directory, name);
        case 2 ->
            tree.add(directory, name, MemoryTree.attributes(NodeKind.FIFO, 1_000_000 + i, 0, 0600));
        default -> tree.file(directory, name, i);
      }
    }
  }

  @Test
  void namesOfAnyBytesUpToTheLimitAreFoundAndListed() throws Exception {
    byte[] longest = new byte[255];
    Arrays.fill(longest, (byte) 0xf0);
    longest[254] = '\n';
    tree.file(tree.top(), Name.of(longest), 255);
    byte[] every = new byte[253];
    for (int i = 0, value = 1; i < every.length; value++) {
      if (value != '/') {
        every[i++] = (byte) value;
      }
    }
    tree.file(tree.top(), Name.of(every), 253);
    tree.file("n".repeat(255), 7);
    mount();
    assertEquals("7 253 255", text("echo $(stat -c %s -- \"$M\"/* | sort -n)"));
    assertEquals(
        "7", text("stat -c %s \"$M/$(printf 'n%.0s' $(seq 255))\""), "looked up, not listed");
    // the listing gives the bytes back that the lookup takes
    assertEquals(
        "515 3",
        text("cat -- \"$M\"/* | wc -c | tr '\\n' ' '; find \"$M\" -type f -printf x | wc -c"));
    Child tooLong = Child.shell(point, "stat \"$M/$(printf 'n%.0s' $(seq 256))\"");
    assertTrue(tooLong.err().contains("File name too long"), tooLong.err());
  }

  @Test
  void tenThousandEntriesAreListedOnceEachHoweverTheyAreListed() throws Exception {
    addMany();
    mount();
    assertEquals(
        "10000 10000", text("cd \"$M/many\"; echo $(ls -U | wc -l) $(ls -U | sort -u | wc -l)"));
    long files = 0;
    long bytes = 0;
    for (int i = 0; i < MANY; i++) {
      boolean file = i % 100 != 1 && i % 100 != 2;
      files += file ? 1 : 0;
      bytes += file ? i : 0;
    }
    // with the attributes of each, which the kernel may ask for together with the names
    for (int round = 0; round < 2; round++) {
      assertEquals(
          files + " " + bytes,
          text("ls -lU \"$M/many\" | awk '/^-/ { n++; s += $5 } END { print n, s }'"));
      assertEquals(
          files + " 100 100",
          text(
              "cd \"$M/many\"; echo $(find . -mindepth 1 -printf '%y\\n' | sort -r | uniq -c | awk '{ print $1 }' | sort -nr)"));
    }
    assertEquals("0 10000", Probe.ask(point, "numbers", "many"), "d_ino and st_ino, d_type");
  }

  @Test
  void aProgramFindsItsWayBackToAPositionInALargeDirectory() throws Exception {
    addMany();
    mount();
    assertEquals("10002 10002", Probe.ask(point, "seekdir", "many"));
    assertEquals("0 10000", Probe.ask(point, "numbers", "many"));
  }

  @Test
  void manyProgramsListOneDirectoryAtOnce() throws Exception {
    addMany();
    mount();
    assertEquals(
        "8 10000",
        text(
            "for i in 1 2 3 4 5 6 7 8; do ls -lU \"$M/many\" | grep -c entry & done | sort | uniq"
                + " -c | awk '{ print $1, $2 }'"));
  }

  @Test
  void anEmptyDirectoryIsEmpty() throws Exception {
    tree.directory(tree.top(), Name.of("none"));
    mount();
    assertEquals("0 2", text("ls \"$M/none\" | wc -l | tr '\\n' ' '; ls -a \"$M/none\" | wc -l"));
    assertEquals("2 2", Probe.ask(point, "seekdir", "none"));
  }

  /** Hard links in several directories: one inode, however often it is forgotten. */
  @Test
  void namesThatTheKernelForgotAreFoundAgain() throws Exception {
    Mounts.requireRoot();
    Path dropCaches = Path.of("/proc/sys/vm/drop_caches");
    Mounts.require(Files.isWritable(dropCaches), "the right to write " + dropCaches);
    Attributes shared =
        new Attributes(NodeKind.FILE, 99_999_999, 10, 8, 0644, 0, 0, 50, 1_000_000_000, 0, 0);
    for (int d = 0; d < 50; d++) {
      MemoryTree.MemoryNode directory = tree.directory(tree.top(), Name.of("d" + d));
      tree.add(directory, Name.of("shared"), shared);
      for (int i = 1; i < 1000; i++) {
        tree.file(directory, Name.of("f" + i), i);
      }
    }
    mount();
    String everything = "cd \"$M\"; find . -type f -printf '%P %i %s %n\\n' | sort | sha256sum";
    assertEquals("50000", text("find \"$M\" -type f -size -10k | wc -l"));
    String before = text(everything);
    for (int round = 0; round < 3; round++) {
      // a file and a directory stay in use across it
      String script =
          "exec 3< \"$M/d7/shared\"; cd \"$M/d8\"; echo 2 > /proc/sys/vm/drop_caches;"
              + " stat -c '%i %s' shared; cat <&3 | wc -c; ls | wc -l";
      assertEquals("99999999 10\n10\n1000", text(script));
      int lookups = tree.calls("lookup");
      assertEquals(before, text(everything), "round " + round);
      assertTrue(tree.calls("lookup") > lookups, "the kernel had forgotten them");
    }
    assertEquals("50", text("find \"$M\" -samefile \"$M/d3/shared\" | wc -l"), "links to one file");
  }
}
