package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other processes see when something behind the mount fails. */
@EachTransport
final class FaultMountTest {
  /** Thrown where memory is out; made up, so that the test does not need to run out of it. */
  private static final class NoMemory extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;
  }

  @TempDir Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private final RecordedEvents events = new RecordedEvents();
  private @Nullable Mount mount;
  private int fresh;

  FaultMountTest(Transport transport) {
    this.transport = transport;
  }

  @BeforeEach
  void mount() throws Exception {
    Mounts.requireFuse();
    for (int i = 0; i < 100; i++) {
      tree.file("file" + i, 300_000);
      tree.directory(tree.top(), Name.of("dir" + i));
      tree.link("link" + i, Name.of("target"));
    }
    mount = transport.host().mount(tree, point, Mounts.PLAIN, events);
  }

  @AfterEach
  void unmount() throws Exception {
    tree.heal();
    if (mount != null) {
      Mounts.end(mount);
    }
  }

  /** One program per callback; it gets a number not used before, so that nothing is cached. */
  private static final Map<String, String> USES =
      new LinkedHashMap<>(
          Map.of(
              "lookup", "stat \"$M/file$1\"",
              "open", "cat \"$M/file$1\"",
              "read", "cat \"$M/file$1\"",
              "list", "ls \"$M/dir$1\"",
              "readLink", "readlink -v \"$M/link$1\"",
              "xattr", "getfattr -n user.a \"$M/file$1\"",
              "listXattrs", "getfattr -d \"$M/file$1\"",
              "statistics", "stat -f \"$M\""));

  private Child use(String method) throws Exception {
    return Child.shell(point, Objects.requireNonNull(USES.get(method)), fresh++);
  }

  /** No line comes any more of what was before: a read ahead is answered before the release. */
  private void begin() {
    Mount mounted = Objects.requireNonNull(mount);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (mounted.openFiles() > 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertEquals(0, mounted.openFiles());
    tree.heal();
    events.lines.clear();
  }

  private void assertAlive() throws Exception {
    tree.heal();
    int number = fresh++;
    assertArrayEquals(
        MemoryTree.content(tree.lookup(tree.root(), Name.of("file" + number))),
        Child.shell(point, "cat \"$M/file$1\"", number).out());
  }

  @Test
  void whateverIsThrownInACallbackIsEioAndCountedAndTheDaemonLivesOn() throws Exception {
    Map<String, MemoryTree.Fault> faults =
        Map.of(
            "IllegalStateException",
            () -> {
              throw new IllegalStateException("planted");
            },
            "AssertionError",
            () -> {
              throw new AssertionError("planted");
            },
            "StackOverflowError",
            FaultMountTest::overflow,
            "NoMemory",
            () -> {
              throw new NoMemory();
            });
    for (String method : USES.keySet()) {
      for (Map.Entry<String, MemoryTree.Fault> fault : faults.entrySet()) {
        begin();
        tree.fault(method, fault.getValue());
        Child child = use(method);
        assertTrue(
            child.err().contains("Input/output error"),
            () -> method + " " + fault.getKey() + ": " + child.err());
        assertTrue(child.exitCode() != 0, method);
        assertFalse(events.lines.isEmpty(), method);
        for (String line : events.lines) {
          assertTrue(line.startsWith("unexpected ") && line.endsWith(" " + fault.getKey()), line);
        }
        assertAlive();
      }
    }
  }

  @SuppressWarnings("InfiniteRecursion") // the point
  private static void overflow() {
    overflow();
  }

  @Test
  void aFaultOnCloseReachesNobodyButTheLog() throws Exception {
    tree.fault(
        "close",
        () -> {
          throw new IllegalStateException("planted");
        });
    assertEquals(0, use("read").exitCode());
    // The kernel sends the release after the program's close, and waits for no answer.
    String expected = "unexpected release IllegalStateException";
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!events.lines.contains(expected) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertTrue(events.lines.contains(expected));
    assertAlive();
  }

  @Test
  void eachFailureOfTheDataHasItsErrnoAndItsPlace() throws Exception {
    Map<IOException, String> expected = new LinkedHashMap<>();
    expected.put(new IntegrityException("tag"), "Input/output error");
    expected.put(new StaleSourceException("changed"), "Stale file handle");
    expected.put(new StorageException("gone"), "Input/output error");
    expected.put(new AccessDeniedException("c/file"), "Permission denied");
    expected.put(new IOException("other"), "Input/output error");
    for (Map.Entry<IOException, String> row : expected.entrySet()) {
      for (String method : List.of("open", "read", "xattr", "readLink", "list")) {
        begin();
        tree.fault(
            method,
            () -> {
              throw row.getKey();
            });
        int number = fresh;
        Child child = use(method);
        assertTrue(
            child.err().contains(row.getValue()),
            () -> method + " " + row.getKey() + ": " + child.err());
        String first = events.lines.getFirst();
        assertTrue(first.startsWith("failed "), first);
        assertTrue(first.contains(" c/"), first);
        assertTrue(first.contains(number + " " + row.getKey().getMessage()), first);
      }
    }
    assertAlive();
  }

  @Test
  void aDamagedRangeIsAnErrorForThatRangeOnly() throws Exception {
    tree.fault(
        "read",
        () -> {
          throw new IntegrityException("tag");
        });
    Child broken = Child.shell(point, "dd if=\"$M/file99\" bs=4096 count=1 status=none");
    assertEquals(0, broken.out().length);
    assertTrue(broken.err().contains("Input/output error"), broken.err());
    tree.heal();
    assertEquals(
        4096, Child.shell(point, "dd if=\"$M/file99\" bs=4096 count=1 status=none").out().length);
  }

  @Test
  void changesAreRefusedAsReadOnly() throws Exception {
    // With the kernel's own read-only flag, and without: then it is our callbacks that refuse.
    for (String before : List.of("true", "mount -i -o remount,rw \"$M\"")) {
      Child remount = Child.shell(point, before);
      assertEquals(0, remount.exitCode(), remount.err());
      for (String change :
          List.of(
              "mkdir \"$M/new\"",
              "touch \"$M/new\"",
              "touch \"$M/file1\"",
              "rm \"$M/file1\"",
              "rmdir \"$M/dir1\"",
              "ln -s x \"$M/new\"",
              "ln \"$M/file1\" \"$M/new\"",
              "mknod \"$M/new\" p",
              "mv \"$M/file1\" \"$M/new\"",
              "chmod 600 \"$M/file1\"",
              "chown 1:1 \"$M/file1\"",
              "truncate -s 0 \"$M/file1\"",
              "bash -c 'echo x >> \"$M/file1\"'",
              "setfattr -n user.a -v b \"$M/file1\"")) {
        Child child = Child.shell(point, change);
        assertTrue(child.exitCode() != 0, change);
        assertTrue(child.err().contains("Read-only file system"), change + ": " + child.err());
      }
    }
    assertAlive();
  }
}
