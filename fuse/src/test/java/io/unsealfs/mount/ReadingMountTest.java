package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** What other processes see in a mount. */
@EachTransport
final class ReadingMountTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private @Nullable Mount mount;

  ReadingMountTest(Transport transport) {
    this.transport = transport;
    tree.file("small", 5);
    tree.file("empty", 0);
    tree.file("large", 3_000_001);
    MemoryTree.MemoryNode directory = tree.directory(tree.top(), Name.of("dir"));
    MemoryTree.MemoryNode deep = tree.directory(directory, Name.of("deeper"));
    tree.file(deep, Name.of("file"), 70_000);
    tree.file(
        tree.top(), Name.of(new byte[] {(byte) 0xff, (byte) 0xfe, 'x', '\n', (byte) 0x80}), 10);
    tree.file(
        directory, Name.of(new byte[] {(byte) 0xff, (byte) 0xfd, 'x', '\n', (byte) 0x80}), 11);
    tree.link("link", Name.of("dir/deeper/file"));
    tree.link("long", Name.of("t/".repeat(1900)));
    tree.link("bytes", Name.of(new byte[] {'a', (byte) 0xc3, 'b'}));
    Attributes shared =
        new Attributes(NodeKind.FILE, 777_777_777_777L, 9, 8, 0604, 11, 12, 2, 0, -1, 0);
    tree.add(tree.top(), Name.of("hard1"), shared);
    tree.add(directory, Name.of("hard2"), shared);
    tree.add(tree.top(), Name.of("fifo"), MemoryTree.attributes(NodeKind.FIFO, 900, 0, 0640));
    MemoryTree.MemoryNode marked = tree.file("marked", 1);
    marked.xattr(Name.of("user.one"), new byte[] {1, 0, (byte) 0xff});
    marked.xattr(Name.of(new byte[] {'u', 's', 'e', 'r', '.', (byte) 0xe9}), new byte[0]);
    marked.xattr(Name.of("user.big"), new byte[40_000]);
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

  private byte[] ok(String script) throws Exception {
    Child child = Child.shell(point, script);
    assertEquals(0, child.exitCode(), () -> script + ": " + child.err());
    return child.out();
  }

  private String text(String script) throws Exception {
    return new String(ok(script), StandardCharsets.ISO_8859_1).strip();
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private Node node(String path) throws Exception {
    Node node = tree.root();
    for (String part : path.split("/", -1)) {
      node = tree.lookup(node, Name.of(part));
    }
    return node;
  }

  @Test
  void filesOfAllSizesReadAsTheyAre() throws Exception {
    for (String path : new String[] {"small", "empty", "large", "dir/deeper/file"}) {
      byte[] expected = MemoryTree.content(node(path));
      assertArrayEquals(expected, ok("cat \"$M/" + path + "\""), path);
      assertEquals(sha256(expected), text("sha256sum < \"$M/" + path + "\"").substring(0, 64));
    }
  }

  @Test
  void aCopyComparesEqualAndRangesAreExact() throws Exception {
    ok("t=$(mktemp) && cp \"$M/large\" $t && cmp $t \"$M/large\" && rm $t");
    byte[] all = MemoryTree.content(node("large"));
    byte[] part = ok("dd if=\"$M/large\" bs=7777 skip=131 count=3 status=none");
    for (int i = 0; i < part.length; i++) {
      assertEquals(all[131 * 7777 + i], part[i]);
    }
    assertEquals(3 * 7777, part.length);
    assertEquals(0, ok("dd if=\"$M/large\" bs=4M skip=1 status=none").length);
  }

  @Test
  void namesAreBytesEndToEnd() throws Exception {
    byte[] first = ok("cat \"$M\"/$'\\xff\\xfex\\n\\x80'");
    byte[] second = ok("cat \"$M\"/dir/$'\\xff\\xfdx\\n\\x80'");
    assertEquals(10, first.length);
    assertEquals(11, second.length);
    byte[] listing =
        ok("find \"$M\" -mindepth 1 -maxdepth 1 -size -11c -name $'*x\\n*' -printf '%f\\0'");
    assertArrayEquals(new byte[] {(byte) 0xff, (byte) 0xfe, 'x', '\n', (byte) 0x80, 0}, listing);
  }

  @Test
  void linkTargetsAreBytesUpToThousandsOfThem() throws Exception {
    assertArrayEquals(new byte[] {'a', (byte) 0xc3, 'b'}, ok("readlink -n \"$M/bytes\""));
    assertEquals("t/".repeat(1900), text("readlink -n \"$M/long\""));
    assertArrayEquals(MemoryTree.content(node("dir/deeper/file")), ok("cat \"$M/link\""));
  }

  @Test
  void attributesAreShownInFull() throws Exception {
    assertEquals(
        "81a4 1234 5678 5 1 1600000000.123456789 1700000000.987654321",
        text("stat -c '%f %u %g %s %h %.9Y %.9Z' \"$M/small\""));
    assertEquals(
        "777777777777 604 2 8 regular file", text("stat -c '%i %a %h %b %F' \"$M/hard1\""));
    assertEquals("777777777777", text("stat -c %i \"$M/dir/hard2\""));
    assertEquals("fifo 640", text("stat -c '%F %a' \"$M/fifo\""));
    assertTrue(text("find \"$M\" -inum 777777777777 | wc -l").startsWith("2"));
    assertEquals("p", text("find \"$M\" -maxdepth 1 -name fifo -printf %y"));
  }

  @Test
  void extendedAttributesAreShown() throws Exception {
    assertEquals(
        "0x0100ff",
        text("getfattr --only-values -n user.one \"$M/marked\" | xxd -p | sed s/^/0x/"));
    assertEquals("40000", text("getfattr --only-values -n user.big \"$M/marked\" | wc -c"));
    byte[] names = ok("getfattr -m - --absolute-names \"$M/marked\"");
    assertTrue(
        new String(names, StandardCharsets.ISO_8859_1).contains("user.\u00e9"), "raw name byte");
    Child none = Child.shell(point, "getfattr -n user.none \"$M/marked\"");
    assertTrue(none.err().contains("No such attribute"), none.err());
    assertEquals("", text("getfattr -m - \"$M/small\""));
  }

  @Test
  void statfsShowsTheStorage() throws Exception {
    assertEquals("4096 1000 100 500 50 255", text("stat -f -c '%s %b %f %c %d %l' \"$M\""));
  }

  @Test
  void theMountTableNamesSourceAndType() throws Exception {
    assertEquals(
        "test:source fuse.unsealfs",
        text("findmnt -n -o SOURCE,FSTYPE \"$M\"").replaceAll(" +", " "));
    String options = text("findmnt -n -o OPTIONS \"$M\"");
    for (String word : new String[] {"ro", "nosuid", "nodev", "default_permissions"}) {
      assertTrue(options.contains(word), options);
    }
  }

  @Test
  void whatIsNotThereIsMissing() throws Exception {
    assertTrue(Child.shell(point, "cat \"$M/none\"").err().contains("No such file"));
    assertTrue(Child.shell(point, "cat \"$M/small/x\"").err().contains("Not a directory"));
    assertTrue(Child.shell(point, "cat \"$M/" + "n".repeat(256) + "\"").err().contains("too long"));
    assertTrue(Child.shell(point, "cat \"$M/dir\"").err().contains("Is a directory"));
  }
}
