package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.unsealfs.mount.MemoryTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class InodesTest {
  private static final Name NAME = Name.of("f");

  private final MemoryTree tree = new MemoryTree();
  private final List<Long> forgotten = new ArrayList<>();
  private final Inodes inodes = new Inodes(tree.top(), forgotten::add);
  private final Inode root = known(Inode.ROOT_ID);

  private Inode known(long id) {
    Inode inode = inodes.get(id);
    assertNotNull(inode);
    return inode;
  }

  @Test
  void aNumberLivesExactlyAsLongAsItsReferences() {
    Node file = tree.file("f", 1);
    Inode inode = inodes.refer(root, NAME, file);
    assertSame(inode, inodes.refer(root, NAME, file));
    assertSame(inode, inodes.refer(root, NAME, file));
    inodes.forget(inode.id(), 2);
    assertSame(inode, inodes.get(inode.id()));
    assertEquals(List.of(), forgotten);
    inodes.forget(inode.id(), 1);
    assertNull(inodes.get(inode.id()));
    assertEquals(List.of(inode.id()), forgotten);
    assertEquals(0, inodes.size());
    assertNotEquals(inode.id(), inodes.refer(root, NAME, file).id(), "numbers are not used twice");
  }

  @Test
  void whoIsToldOfANodeThatHasGoneMayUseThePlaceAgain() {
    Node file = tree.file("f", 1);
    AtomicReference<Inodes> table = new AtomicReference<>(inodes);
    AtomicInteger told = new AtomicInteger();
    Inodes telling =
        new Inodes(
            tree.top(),
            id -> {
              told.incrementAndGet();
              table.get().refer(root, NAME, file);
            });
    table.set(telling);
    telling.forget(telling.refer(root, NAME, file).id(), 1);
    assertEquals(1, told.get());
    assertEquals(1, telling.size());
  }

  @Test
  void anotherFileInTheSamePlaceIsAnotherNodeAndBothAreCounted() {
    Inode old = inodes.refer(root, NAME, tree.file("f", 1));
    Inode now = inodes.refer(root, NAME, tree.file("f", 1));
    assertNotEquals(old.id(), now.id());
    inodes.forget(old.id(), 1);
    assertNull(inodes.get(old.id()));
    assertSame(now, inodes.get(now.id()));
    assertSame(now, inodes.refer(root, NAME, now.node()), "the place still leads to the new one");
    inodes.forget(now.id(), 2);
    assertEquals(0, inodes.size());
  }

  @Test
  void unknownNumbersAndTheRootAreLeftAlone() {
    inodes.forget(4711, 5);
    inodes.forget(Inode.ROOT_ID, Long.MAX_VALUE);
    assertSame(root, inodes.get(Inode.ROOT_ID));
    assertEquals(List.of(), forgotten);
  }

  @Test
  void aPathIsPutTogetherFromItsDirectories() {
    Inode directory = inodes.refer(root, Name.of("a"), tree.directory(tree.top(), Name.of("a")));
    Inode file = inodes.refer(directory, NAME, tree.file("f", 1));
    assertEquals("/a/f", file.text());
    assertEquals("/", root.text());
    inodes.forget(directory.id(), 1);
    assertEquals("/a/f", file.text());
  }

  @Test
  void lookupsAndForgetsAtOnceLoseNoCount() throws Exception {
    Node file = tree.file("f", 1);
    int rounds = 20_000;
    CyclicBarrier start = new CyclicBarrier(4);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicInteger left = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    Inodes shared = new Inodes(tree.top(), id -> left.incrementAndGet());
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  start.await();
                  for (int i = 0; i < rounds; i++) {
                    Inode inode = shared.refer(root, NAME, file);
                    assertSame(inode, shared.get(inode.id()), "referred to, so still there");
                    shared.forget(inode.id(), 1);
                  }
                } catch (Throwable e) {
                  failure.set(e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertNull(failure.get());
    assertEquals(0, shared.size());
  }
}
