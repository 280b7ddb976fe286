package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.mount.Child;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.MemoryTree;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.Mounts;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A mount whose kernel was told that it need not send OPEN and OPENDIR. */
@Timeout(120)
final class UnseenOpensMountTest {
  private static final int FILES = 700;
  private static final int MOST_OPEN = 512;
  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  /** Past the kernel's pages, so that each is asked for. */
  private static final String EVERY_FILE =
      "for f in $M/d/f*; do dd if=$f iflag=direct bs=64K status=none || exit 1; done";

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final List<Node> files = new ArrayList<>();
  private @Nullable Mount mount;

  @BeforeEach
  void mount() throws Exception {
    Mounts.requireFuse();
    MemoryTree.MemoryNode directory = tree.directory(tree.top(), Name.of("d"));
    for (int i = 0; i < FILES; i++) {
      files.add(tree.file(directory, Name.of("f%03d".formatted(i)), 5000 + i));
    }
    tree.needsNoOpens();
    mount = new KernelFuseHost().mount(tree, point, Mounts.PLAIN, FuseEvents.NONE);
  }

  @AfterEach
  void unmount() throws Exception {
    if (mount != null) {
      mount.unmount(Duration.ofSeconds(5));
    }
  }

  private byte[] shell(String script) throws Exception {
    Child child = Child.shell(point, script);
    assertEquals(0, child.exitCode(), child::err);
    return child.out();
  }

  private String shellText(String script) throws Exception {
    return new String(shell(script), StandardCharsets.UTF_8);
  }

  private byte[] content() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    files.forEach(file -> all.writeBytes(MemoryTree.content(file)));
    return all.toByteArray();
  }

  private int openFiles() {
    return mount == null ? -1 : mount.openFiles();
  }

  @Test
  void aFileIsOpenedOnceForAllWhoReadIt() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(
          MemoryTree.content(files.getFirst()),
          shell("dd if=$M/d/f000 iflag=direct bs=64K status=none"));
    }
    assertEquals(1, tree.calls("open"));
    assertEquals(1, openFiles(), "nobody has it open");
  }

  @Test
  void theLeastUsedOfTooManyFilesAreClosedAndReadAgainAllTheSame() throws Exception {
    assertArrayEquals(content(), shell(EVERY_FILE));
    assertEquals(FILES, tree.calls("open"));
    assertTrue(openFiles() <= MOST_OPEN, () -> openFiles() + " are open");
    assertEquals(FILES - openFiles(), tree.calls("close"));
    assertArrayEquals(content(), shell(EVERY_FILE));
    assertTrue(tree.calls("open") > FILES, "some were opened again");
    assertTrue(openFiles() <= MOST_OPEN, () -> openFiles() + " are open");
  }

  @Test
  void readersBesideEachOtherOfTooManyFilesSeeEveryByte() throws Exception {
    String one = shellText("cat $M/d/f* | cksum");
    String readers = "for i in 1 2 3 4; do { " + EVERY_FILE + " | cksum; } & done; wait";
    assertEquals(one.repeat(4), shellText(readers));
    assertTrue(openFiles() <= MOST_OPEN, () -> openFiles() + " are open");
  }

  @Test
  void directoriesAreListedWholeEachTime() throws Exception {
    for (int i = 0; i < 2; i++) {
      assertEquals(FILES + "\n", shellText("ls $M/d | wc -l"));
    }
    assertEquals("d\n", shellText("ls $M"));
  }

  @Test
  void whatTheKernelForgetsIsClosed() throws Exception {
    Mounts.requireRoot();
    assumeTrue(Files.isWritable(DROP_CACHES), "the right to write " + DROP_CACHES);
    shell("cat $M/d/f00?");
    assertEquals(10, openFiles());
    while (openFiles() > 0) {
      Files.writeString(DROP_CACHES, "2");
      Thread.sleep(20);
    }
    assertArrayEquals(MemoryTree.content(files.getFirst()), shell("cat $M/d/f000"));
  }
}
