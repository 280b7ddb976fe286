package io.unsealfs.mount.resident;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.mount.MemoryTree;
import io.unsealfs.mount.resident.SelectedFiles.End;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.StorageException;
import org.junit.jupiter.api.Test;

final class SelectedFilesTest {
  private static final long MIB = 1 << 20;

  private final MemoryTree tree = new MemoryTree();

  private SelectedFiles sum(long most, int entries) throws Exception {
    return SelectedFiles.of(tree, path -> path.endsWith(".bin"), most, entries);
  }

  @Test
  void addsUpWhatIsSelectedInAllDirectories() throws Exception {
    tree.file("a.bin", 3 * MIB);
    tree.file("a.txt", 100 * MIB);
    tree.file(tree.directory(tree.top(), Name.of("below")), Name.of("b.bin"), 4 * MIB);
    assertEquals(new SelectedFiles(2, 8 * MIB, End.ALL), sum(8 * MIB, 10));
  }

  @Test
  void countsWholeHugePages() throws Exception {
    tree.file("a.bin", 3 * MIB);
    tree.file("b.bin", 3 * MIB);
    assertEquals(End.TOO_MUCH, sum(7 * MIB, 10).end());
    assertEquals(new SelectedFiles(2, 8 * MIB, End.ALL), sum(8 * MIB, 10));
  }

  @Test
  void leavesSmallFilesOutAndCountsLinksOnce() throws Exception {
    tree.file("small.bin", 2 * MIB - 1);
    MemoryTree.MemoryNode file = tree.file("one.bin", 2 * MIB);
    tree.add(tree.top(), Name.of("two.bin"), file.attributes());
    assertEquals(new SelectedFiles(1, 2 * MIB, End.ALL), sum(2 * MIB, 10));
  }

  @Test
  void endsWhereItIsTooMuch() throws Exception {
    tree.file("a.bin", 3 * MIB);
    tree.file("b.bin", Long.MAX_VALUE);
    assertEquals(End.TOO_MUCH, sum(100 * MIB, 10).end());
  }

  @Test
  void endsWhereThereAreTooManyEntries() throws Exception {
    for (int i = 0; i < 10; i++) {
      tree.file(i + ".txt", 1);
    }
    assertEquals(End.ALL, sum(MIB, 10).end());
    assertEquals(End.TOO_MANY, sum(MIB, 9).end());
  }

  @Test
  void whatCannotBeListedCountsForNothing() throws Exception {
    tree.file("a.bin", 3 * MIB);
    tree.fault(
        "list",
        () -> {
          throw new StorageException("not now");
        });
    assertEquals(new SelectedFiles(0, 0, End.ALL), sum(MIB, 10));
  }
}
