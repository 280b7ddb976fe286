package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class FuseAdapterTest {
  private final MemoryTree tree = new MemoryTree();
  private final Request request = new Request(Operation.GETATTR);

  private static byte[] path(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private FuseAdapter adapter(List<Integer> allowUids, OptionalInt uid, int umask) {
    return new FuseAdapter(
        tree, new MountOptions("s", false, allowUids, uid, OptionalInt.empty(), umask));
  }

  private FuseAdapter adapter() {
    return adapter(List.of(), OptionalInt.empty(), 0);
  }

  @Test
  void aDeepPathCostsOneLookupOnceItsDirectoryIsKnown() throws Exception {
    MemoryTree.MemoryNode directory = tree.top();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      directory = tree.directory(directory, Name.of("d" + i));
      text.append("/d").append(i);
    }
    tree.file(directory, Name.of("a"), 1);
    tree.file(directory, Name.of("b"), 2);
    FuseAdapter adapter = adapter();
    assertEquals(1, adapter.getattr(request, path(text + "/a")).size());
    assertEquals(21, tree.calls("lookup"));
    assertEquals(2, adapter.getattr(request, path(text + "/b")).size());
    assertEquals(22, tree.calls("lookup"));
    assertEquals(2, adapter.getattr(request, path(text + "/b")).size());
    assertEquals(23, tree.calls("lookup"), "the last component is always asked for");
  }

  @Test
  void aFileOnTheWayIsNotADirectory() {
    tree.file("f", 1);
    assertThrows(NotDirectoryException.class, () -> adapter().getattr(request, path("/f/x")));
    assertThrows(NotDirectoryException.class, () -> adapter().getattr(request, path("/f/x/y")));
    assertThrows(NotDirectoryException.class, () -> adapter().opendir(request, path("/f")));
  }

  @Test
  void onlyRegularFilesAreOpened() {
    tree.directory(tree.top(), Name.of("d"));
    assertThrows(IllegalNodeException.class, () -> adapter().open(request, path("/d")));
    assertThrows(IllegalNodeException.class, () -> adapter().readlink(request, path("/d")));
  }

  @Test
  void ownersAndModesAreShownAsAsked() throws Exception {
    tree.file("f", 1);
    FuseAdapter adapter = adapter(List.of(77), OptionalInt.of(5), 0027);
    Attributes file = adapter.getattr(request, path("/f"));
    assertEquals(5, file.uid());
    assertEquals(5678, file.gid());
    assertEquals(0640, file.mode());
    Attributes root = adapter.getattr(request, path("/"));
    assertEquals(77, root.uid());
    assertEquals(0700, root.mode());
  }

  @Test
  void aClosedHandleIsBad() throws Exception {
    tree.file("f", 10);
    FuseAdapter adapter = adapter();
    long handle = adapter.open(request, path("/f"));
    assertEquals(10, adapter.read(request, handle, 0, ByteBuffer.allocate(100)));
    assertEquals(0, adapter.read(request, handle, 10, ByteBuffer.allocate(100)));
    assertEquals(-22, adapter.read(request, handle, -1, ByteBuffer.allocate(1)));
    adapter.release(request, handle);
    assertEquals(-9, adapter.read(request, handle, 0, ByteBuffer.allocate(100)));
    assertEquals(1, tree.calls("close"));
    assertEquals(0, adapter.openFiles());
  }

  @Test
  void anEntryNameThatTheKernelWouldMisreadIsAnError() throws Exception {
    for (String name : List.of("", "a/b", "a\0b", "n".repeat(256))) {
      MemoryTree hostile = new MemoryTree();
      hostile.file(name, 1);
      FuseAdapter adapter =
          new FuseAdapter(
              hostile,
              new MountOptions("s", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0));
      long handle = adapter.opendir(request, path("/"));
      List<String> seen = new ArrayList<>();
      assertThrows(
          StorageException.class,
          () ->
              adapter.readdir(
                  request,
                  handle,
                  (entry, type, id) -> seen.add(new String(entry, StandardCharsets.UTF_8))));
      assertEquals(List.of(), seen);
    }
  }
}
