package io.unsealfs.storage.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.os.PathOpener;
import io.unsealfs.os.Unmounter;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every test runs with openat2 and with the component walk. */
@Timeout(60)
class LocalTreeTest {
  @TempDir Path directory;

  static Stream<PathOpener> openers() {
    return Stream.of(PathOpener.best(), PathOpener.componentWalk());
  }

  private LocalTree tree(PathOpener opener) throws IOException {
    return LocalTree.open(directory.toString().getBytes(UTF_8), opener);
  }

  static Node find(FileTree tree, String path) throws IOException {
    Node node = tree.root();
    for (String name : path.split("/", -1)) {
      node = tree.lookup(node, Name.of(name));
    }
    return node;
  }

  static byte[] content(FileTree tree, Node file) throws IOException {
    try (Source source = tree.open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
      assertEquals(source.size(), source.read(0, bytes));
      return bytes.array();
    }
  }

  /** Runs a bash script in the directory. */
  private void bash(String script) throws Exception {
    Process process =
        new ProcessBuilder("bash", "-ec", script)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), output);
  }

  @ParameterizedTest
  @MethodSource("openers")
  void readsAFileWithItsAttributes(PathOpener opener) throws Exception {
    Files.createDirectories(directory.resolve("a/b"));
    Path file = Files.writeString(directory.resolve("a/b/file"), "hello");
    bash("chmod 4640 a/b/file");
    try (LocalTree tree = tree(opener)) {
      Node node = find(tree, "a/b/file");
      assertArrayEquals("hello".getBytes(UTF_8), content(tree, node));
      assertEquals(NodeKind.FILE, node.kind());
      assertEquals(5, node.attributes().size());
      assertEquals(04640, node.attributes().mode());
      assertEquals(1, node.attributes().linkCount());
      assertEquals(Files.getAttribute(file, "unix:ino"), node.attributes().fileId());
      assertEquals(Files.getAttribute(file, "unix:uid"), node.attributes().uid());
      assertEquals(
          Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS),
          node.attributes().modifiedNanos());
      assertEquals("a/b/file", node.location());
      assertEquals(NodeKind.DIRECTORY, tree.root().kind());
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void keepsNamesAndTargetsThatAreNotUtf8(PathOpener opener) throws Exception {
    bash(
        """
        mkdir $'d\\xff\\xfe'; printf one > $'d\\xff\\xfe/f\\xfd'; printf two > $'d\\xff\\xfe/f\\xfc'
        ln -s $'\\x80target\\xff' link
        """);
    Name odd = Name.of(new byte[] {'d', (byte) 0xff, (byte) 0xfe});
    try (LocalTree tree = tree(opener)) {
      Node inner = tree.lookup(tree.root(), odd);
      assertTrue(tree.list(tree.root()).stream().anyMatch(e -> e.name().equals(odd)));
      Node one = tree.lookup(inner, Name.of(new byte[] {'f', (byte) 0xfd}));
      Node two = tree.lookup(inner, Name.of(new byte[] {'f', (byte) 0xfc}));
      assertArrayEquals("one".getBytes(UTF_8), content(tree, one));
      assertArrayEquals("two".getBytes(UTF_8), content(tree, two));
      byte[] target = tree.readLink(find(tree, "link")).toBytes();
      assertEquals((byte) 0x80, target[0]);
      assertEquals((byte) 0xff, target[target.length - 1]);
      assertEquals(8, target.length);
    }
    byte[] root = directory.resolve("d").toString().getBytes(UTF_8);
    byte[] path = java.util.Arrays.copyOf(root, root.length + 2);
    path[root.length] = (byte) 0xff;
    path[root.length + 1] = (byte) 0xfe;
    try (LocalTree tree = LocalTree.open(path)) {
      assertEquals(2, tree.list(tree.root()).size());
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void opensARootThatIsASymlinkAndFollowsNoneBelow(PathOpener opener) throws Exception {
    bash(
        """
        mkdir -p real/sub outside; printf secret > outside/file; printf in > real/sub/file
        ln -s real rootlink; ln -s sub real/inner; ln -s ../outside real/escape
        ln -s no/such/target real/absolute
        """);
    try (LocalTree tree =
        LocalTree.open(directory.resolve("rootlink").toString().getBytes(UTF_8), opener)) {
      assertArrayEquals("in".getBytes(UTF_8), content(tree, find(tree, "sub/file")));
      Node escape = find(tree, "escape");
      assertEquals(NodeKind.SYMLINK, escape.kind());
      assertEquals(Name.of("../outside"), tree.readLink(escape));
      assertThrows(NotDirectoryException.class, () -> tree.lookup(escape, Name.of("file")));
      assertThrows(IllegalNodeException.class, () -> tree.open(find(tree, "absolute")));
      assertThrows(NoSuchFileException.class, () -> find(tree, "sub/.."));
      assertThrows(NoSuchFileException.class, () -> find(tree, "."));
      assertThrows(NoSuchFileException.class, () -> tree.lookup(tree.root(), Name.of("sub/file")));
      assertThrows(NoSuchFileException.class, () -> tree.lookup(tree.root(), Name.of("")));
      assertThrows(NoSuchFileException.class, () -> tree.lookup(tree.root(), Name.of("sub\0x")));
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void showsNothingOfWhatADirectoryThatBecomesASymlinkPointsTo(PathOpener opener) throws Exception {
    bash(
        "mkdir -p dir outside; printf in > dir/file; printf else > outside/file; printf o > outside/x");
    try (LocalTree tree = tree(opener)) {
      Node dir = find(tree, "dir");
      Node file = find(tree, "dir/file");
      bash("mv dir kept; ln -s outside dir");
      assertThrows(StorageException.class, () -> tree.open(file));
      // names go on being those of the directory that was seen first
      Node again = tree.lookup(dir, Name.of("file"));
      assertEquals(file.attributes(), again.attributes());
      assertThrows(StorageException.class, () -> tree.open(again));
      assertThrows(NoSuchFileException.class, () -> tree.lookup(dir, Name.of("x")));
      StorageException e = assertThrows(StorageException.class, () -> tree.list(dir));
      assertTrue(e.toString().contains("symbolic link"), e.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void neverWaitsForAFifoInPlaceOfAFile(PathOpener opener) throws Exception {
    bash("printf data > file; mkfifo pipe");
    try (LocalTree tree = tree(opener)) {
      Node file = find(tree, "file");
      Node pipe = find(tree, "pipe");
      assertEquals(NodeKind.FIFO, pipe.kind());
      assertThrows(IllegalNodeException.class, () -> tree.open(pipe));
      assertEquals(List.of(), tree.listXattrs(pipe));
      bash("rm file; mkfifo file");
      assertThrows(IllegalNodeException.class, () -> tree.open(file));
      bash("rm file; python3 -c 'import socket;socket.socket(socket.AF_UNIX).bind(\"file\")'");
      assertThrows(IllegalNodeException.class, () -> tree.open(file));
      bash("rm file; mkdir file");
      assertThrows(IllegalNodeException.class, () -> tree.open(file));
      bash("rmdir file; ln -s pipe file");
      assertThrows(StorageException.class, () -> tree.open(file));
      bash("rm file");
      assertThrows(NoSuchFileException.class, () -> tree.open(file));
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void reachesPathsLongerThanPathMax(PathOpener opener) throws Exception {
    int depth = 25;
    String name = "n".repeat(255);
    bash(
        "for i in $(seq "
            + depth
            + "); do mkdir "
            + name
            + "; cd "
            + name
            + "; done; "
            + "printf deep > file; ln -s target link; mkdir sub");
    try (LocalTree tree = tree(opener)) {
      Node at = tree.root();
      for (int i = 0; i < depth; i++) {
        at = tree.lookup(at, Name.of(name));
      }
      assertTrue(at.location().length() > 4096);
      assertArrayEquals("deep".getBytes(UTF_8), content(tree, tree.lookup(at, Name.of("file"))));
      assertEquals(Name.of("target"), tree.readLink(tree.lookup(at, Name.of("link"))));
      assertEquals(3, tree.list(at).size());
      Node bottom = at;
      assertThrows(NoSuchFileException.class, () -> tree.lookup(bottom, Name.of("missing")));
    }
    bash("rm -rf " + name);
  }

  @ParameterizedTest
  @MethodSource("openers")
  void listsThreeHundredEntriesOnceEach(PathOpener opener) throws Exception {
    bash("for i in $(seq 300); do : > $(printf 'entry-%0200d' $i); done");
    try (LocalTree tree = tree(opener)) {
      List<DirectoryEntry> entries = tree.list(tree.root());
      Set<Name> names = new HashSet<>();
      for (DirectoryEntry entry : entries) {
        names.add(entry.name());
        assertEquals(NodeKind.FILE, entry.kind());
        assertEquals(tree.lookup(tree.root(), entry.name()).attributes().fileId(), entry.fileId());
      }
      assertEquals(300, entries.size());
      assertEquals(300, names.size());
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void hardLinksShareTheirIdAndOthersDoNot(PathOpener opener) throws Exception {
    bash("printf x > a; ln a b; printf x > c");
    try (LocalTree tree = tree(opener)) {
      Node a = find(tree, "a");
      assertEquals(a.attributes().fileId(), find(tree, "b").attributes().fileId());
      assertNotEquals(a.attributes().fileId(), find(tree, "c").attributes().fileId());
      assertEquals(2, a.attributes().linkCount());
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void showsExtendedAttributesOfFilesDirectoriesAndLinks(PathOpener opener) throws Exception {
    bash(
        """
        printf x > file; mkdir dir; ln -s file link
        python3 - <<'P'
        import os
        os.setxattr('file', 'user.one', b'\\x00\\xff value')
        os.setxattr('file', b'user.\\xff\\xfe', b'')
        os.setxattr('dir', 'user.big', b'B' * 2000)
        if os.geteuid() == 0:
            os.setxattr('link', 'trusted.onlink', b'L', follow_symlinks=False)
        P
        """);
    try (LocalTree tree = tree(opener)) {
      Node file = find(tree, "file");
      Name odd = Name.of(new byte[] {'u', 's', 'e', 'r', '.', (byte) 0xff, (byte) 0xfe});
      assertEquals(Set.of(Name.of("user.one"), odd), new HashSet<>(tree.listXattrs(file)));
      assertArrayEquals(
          new byte[] {0, (byte) 0xff, ' ', 'v', 'a', 'l', 'u', 'e'},
          tree.xattr(file, Name.of("user.one")));
      assertEquals(0, tree.xattr(file, odd).length);
      assertEquals(2000, tree.xattr(find(tree, "dir"), Name.of("user.big")).length);
      boolean root = Files.getAttribute(directory, "unix:uid").equals(0);
      assertEquals(
          root ? List.of(Name.of("trusted.onlink")) : List.of(),
          tree.listXattrs(find(tree, "link")));
      assertThrows(NoSuchAttributeException.class, () -> tree.xattr(file, Name.of("user.none")));
      assertThrows(NoSuchAttributeException.class, () -> tree.xattr(file, Name.of("user.one\0x")));
      assertThrows(
          NoSuchAttributeException.class,
          () -> tree.xattr(file, Name.of("user." + "n".repeat(300))));
    }
  }

  @ParameterizedTest
  @MethodSource("openers")
  void nothingWorksOnceClosed(PathOpener opener) throws Exception {
    bash("mkdir dir; printf x > file");
    LocalTree tree = tree(opener);
    Node root = tree.root();
    Node file = find(tree, "file");
    Source source = tree.open(file);
    tree.close();
    tree.close();
    assertEquals(1, source.read(0, ByteBuffer.allocate(4)));
    source.close();
    source.close();
    assertThrows(StorageException.class, () -> source.read(0, ByteBuffer.allocate(4)));
    assertThrows(StorageException.class, tree::root);
    assertThrows(StorageException.class, tree::statistics);
    assertThrows(StorageException.class, () -> tree.list(root));
    assertThrows(StorageException.class, () -> tree.lookup(root, Name.of("file")));
    assertThrows(StorageException.class, () -> tree.open(file));
  }

  @ParameterizedTest
  @MethodSource("openers")
  void refusesWhatIsNotThereOrNotADirectory(PathOpener opener) throws Exception {
    Files.writeString(directory.resolve("file"), "x");
    try (LocalTree tree = tree(opener);
        LocalTree other = tree(opener)) {
      Node file = find(tree, "file");
      assertThrows(NoSuchFileException.class, () -> find(tree, "missing"));
      assertThrows(NotDirectoryException.class, () -> tree.list(file));
      assertThrows(NotDirectoryException.class, () -> tree.lookup(file, Name.of("x")));
      assertThrows(IllegalNodeException.class, () -> tree.readLink(file));
      assertThrows(IllegalNodeException.class, () -> tree.open(tree.root()));
      assertThrows(IllegalNodeException.class, () -> other.open(file));
      assertThrows(NameTooLongException.class, () -> find(tree, "n".repeat(256)));
      assertTrue(tree.statistics().blocks() > 0);
      assertTrue(tree.statistics().blockSize() >= 512);
    }
    assertThrows(NoSuchFileException.class, () -> LocalTree.open(directory.resolve("none")));
    assertThrows(NotDirectoryException.class, () -> LocalTree.open(directory.resolve("file")));
  }

  @ParameterizedTest
  @MethodSource("openers")
  void readsOnWhenMountedOverAndTellsFileSystemsApart(PathOpener opener) throws Exception {
    bash("mkdir sub; printf under > file; printf x > sub/covered");
    assumeTrue(mounts("sub"), "may not mount here");
    try (LocalTree tree = tree(opener)) {
      bash("printf inner > sub/file; mkdir sub/deep");
      Node sub = find(tree, "sub");
      Node inner = find(tree, "sub/file");
      assertArrayEquals("inner".getBytes(UTF_8), content(tree, inner));
      assertTrue(inner.attributes().fileId() >= 1L << 62);
      for (DirectoryEntry entry : tree.list(sub)) {
        assertEquals(tree.lookup(sub, entry.name()).attributes().fileId(), entry.fileId());
      }
      assertEquals(2, tree.list(sub).size());
      assertTrue(mounts("."));
      try {
        assertEquals(0, bashList().length);
        assertArrayEquals("under".getBytes(UTF_8), content(tree, find(tree, "file")));
        assertEquals(2, tree.list(tree.root()).size());
      } finally {
        Unmounter.unmount(directory.toString().getBytes(UTF_8));
      }
    } finally {
      Unmounter.detach(directory.resolve("sub").toString().getBytes(UTF_8));
    }
  }

  private String[] bashList() {
    String[] names = directory.toFile().list();
    return names == null ? new String[] {"unreadable"} : names;
  }

  private boolean mounts(String where) throws Exception {
    Process process =
        new ProcessBuilder(
                "mount", "-t", "tmpfs", "test", directory.resolve(where).normalize().toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue() == 0;
  }
}
