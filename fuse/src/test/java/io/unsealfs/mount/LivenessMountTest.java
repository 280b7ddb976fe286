package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a watchdog asks of a mount. */
@EachTransport
final class LivenessMountTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  LivenessMountTest(Transport transport) {
    this.transport = transport;
    tree.file("file", 100_000);
  }

  @BeforeEach
  void needsFuse() {
    Mounts.requireFuse();
  }

  @AfterEach
  void release() {
    released.countDown();
  }

  private void block() {
    tree.fault(
        "read",
        () -> {
          asked.countDown();
          try {
            released.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
  }

  private Process reader() throws IOException {
    return new ProcessBuilder("cat", point.resolve("file").toString())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  @Test
  void aMountAnswersAgainAndAgain() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      for (int i = 0; i < 100; i++) {
        assertTrue(mount.isServing(LONG), "question " + i);
      }
    } finally {
      Mounts.end(mount);
    }
  }

  @Test
  void aReaderThatWaitsForTheSourceDoesNotMakeAMountDead() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    Process reader = null;
    try {
      block();
      reader = reader();
      assertTrue(asked.await(LONG.toSeconds(), TimeUnit.SECONDS));
      assertTrue(mount.isServing(LONG));
    } finally {
      released.countDown();
      end(reader);
      Mounts.end(mount);
    }
  }

  @Test
  void aMountWhoseOnlyWorkerHangsIsNotServing() throws Exception {
    MountOptions oneWorker =
        new MountOptions(
            "test:source",
            false,
            List.of(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            0,
            0,
            1,
            false,
            Optional.empty());
    Mount mount = Transport.KERNEL.host().mount(tree, point, oneWorker, FuseEvents.NONE);
    Process reader = null;
    try {
      block();
      reader = reader();
      assertTrue(asked.await(LONG.toSeconds(), TimeUnit.SECONDS));
      assertFalse(mount.isServing(Duration.ofMillis(200)));
      released.countDown();
      assertTrue(mount.isServing(LONG), "it goes on");
    } finally {
      released.countDown();
      end(reader);
      Mounts.end(mount);
    }
  }

  @Test
  void aMountThatIsGoneIsNotDead() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    Mounts.end(mount);
    assertTrue(mount.isServing(Duration.ofMillis(200)));
    assertEquals(tree.calls("open"), tree.calls("close"));
  }

  private static void end(@Nullable Process reader) throws InterruptedException {
    if (reader != null) {
      assertTrue(reader.waitFor(LONG.toSeconds(), TimeUnit.SECONDS), "the reader hangs");
    }
  }
}
