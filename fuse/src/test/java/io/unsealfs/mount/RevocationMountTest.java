package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.MountTable;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of a mount's plaintext when the key is taken back under those who use it. */
final class RevocationMountTest {
  private final IOException why = new KeyRevokedException("the owner took it back");

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final CountDownLatch released = new CountDownLatch(1);
  private @Nullable Mount mount;

  @BeforeEach
  void needsTheKernel() {
    Mounts.requireFuse();
  }

  @AfterEach
  void unmount() throws Exception {
    released.countDown();
    if (mount != null) {
      mount.unmount(Duration.ZERO);
    }
  }

  private Mount begin(Transport transport, Optional<ResidentPlan> plan) throws IOException {
    Mount made =
        transport
            .host()
            .mount(
                tree, point, Mounts.PLAIN.withResident(plan).withRevocable(true), FuseEvents.NONE);
    mount = made;
    return made;
  }

  private void assertGone() throws IOException {
    byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    assertTrue(MountTable.read().stream().noneMatch(entry -> entry.isAt(path)));
  }

  /** read(2) fails, no page of the mapping can be touched, nor one of a new mapping. */
  private static void assertNothingLeft(Holder holder) throws Exception {
    List<String> lines = new String(holder.rest(), StandardCharsets.US_ASCII).lines().toList();
    assertTrue(lines.get(0).startsWith("E"), lines.toString());
    assertEquals(List.of("0 pages", "SIGBUS"), lines.subList(1, 3));
  }

  @Test
  void nothingIsLeftOfWhatIsOpenAndMapped() throws Exception {
    tree.file("model", 3_000_001);
    Mount mounted = begin(Transport.KERNEL, Optional.empty());
    try (Holder holder = new Holder(point, "revoked", "model")) {
      assertEquals("mapped", holder.line());
      mounted.revoke(why);
      assertGone();
      assertNothingLeft(holder);
    }
    assertEquals(tree.calls("open"), tree.calls("close"));
  }

  @Test
  void nothingIsLeftOfAResidentFile() throws Exception {
    Mounts.requireRoot();
    tree.file("model", 5_000_001);
    Mount mounted =
        begin(Transport.KERNEL, Optional.of(new ResidentPlan(path -> true, 16 << 20, true)));
    Assumptions.assumeTrue(
        mounted.resident().isPresent(), "this kernel has no FUSE passthrough to huge pages");
    try (Holder holder = new Holder(point, "revoked", "model")) {
      assertEquals("mapped", holder.line());
      assertEquals(1, mounted.resident().orElseThrow().fills());
      mounted.revoke(why);
      assertGone();
      // of memory that was freed read(2) gives the end of the file
      assertEquals("0\n0 pages\nSIGBUS\n", new String(holder.rest(), StandardCharsets.US_ASCII));
    }
  }

  @Test
  void aStorageThatHangsDoesNotHoldItUp() throws Exception {
    tree.file("hangs", 300_000);
    tree.file("model", 3_000_001);
    AtomicBoolean hanging = new AtomicBoolean();
    Mount mounted = begin(Transport.KERNEL, Optional.empty());
    try (Holder holder = new Holder(point, "revoked", "model")) {
      assertEquals("mapped", holder.line());
      tree.fault(
          "read",
          () -> {
            hanging.set(true);
            try {
              released.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      Process stuck =
          new ProcessBuilder("timeout", "60", "cat", point.resolve("hangs").toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      while (!hanging.get()) {
        Thread.onSpinWait();
      }
      mounted.revoke(why);
      assertGone();
      assertNothingLeft(holder);
      assertNotEquals(0, stuck.waitFor());
      assertEquals(0, stuck.getInputStream().readAllBytes().length);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"KERNEL", "JNR"})
  void newOpensFailAndOldOnesReadOn(Transport transport) throws Exception {
    Node file = tree.file("model", 200_001);
    Mount mounted = begin(transport, Optional.empty());
    // an open that was seen once must not be taken for granted afterwards
    assertArrayEquals(MemoryTree.content(file), Child.shell(point, "cat $M/model").out());
    try (Holder holder = new Holder(point, "opened", "model")) {
      assertNotEquals("", holder.line());
      mounted.refuseOpens(why);
      Child refused = Child.shell(point, "cat $M/model");
      assertEquals(0, refused.out().length);
      assertTrue(refused.err().contains("Key has been revoked"), refused.err());
      assertArrayEquals(MemoryTree.content(file), holder.rest());
    }
    mounted.refuseOpens(new KeyExpiredException("it ran out"));
    assertTrue(Child.shell(point, "cat $M/model").err().contains("Key has expired"));
    mounted.admitOpens();
    assertArrayEquals(MemoryTree.content(file), Child.shell(point, "cat $M/model").out());
  }

  @Test
  void libfuseSaysWhatItCannotDoAndEndsTheMount() throws Exception {
    tree.file("model", 200_001);
    Mount mounted = begin(Transport.JNR, Optional.empty());
    assertTrue(mounted.notRevocable().orElseThrow().contains("transport=kernel"));
    try (Holder holder = new Holder(point, "opened", "model")) {
      assertNotEquals("", holder.line());
      mounted.revoke(why);
      assertGone();
    }
  }

  @Test
  void theKernelTransportHasNothingToSay() throws Exception {
    assertEquals(Optional.empty(), begin(Transport.KERNEL, Optional.empty()).notRevocable());
  }
}
