package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AutoFuseHostTest {
  private static final Path TARGET = Path.of("/mnt");

  private final List<String> asked = new ArrayList<>();
  private final Set<Integer> mounts = new HashSet<>(Set.of(1));

  /** A transport that does as it is told. */
  private final class Told implements FuseHost, Mount {
    private final String name;
    private String unusable = "";
    private String failure = "";
    private boolean leavesMount;

    Told(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Optional<String> unusable() {
      return unusable.isEmpty() ? Optional.empty() : Optional.of(unusable);
    }

    @Override
    public void refuseOpens(IOException why) {}

    @Override
    public void admitOpens() {}

    @Override
    public void revoke(IOException why) {}

    @Override
    public Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
        throws MountException {
      asked.add(name);
      if (leavesMount) {
        mounts.add(2);
      }
      if (!failure.isEmpty()) {
        throw new MountException(failure);
      }
      return this;
    }

    @Override
    public Path mountPoint() {
      return TARGET;
    }

    @Override
    public boolean awaitEnd(Duration timeout) {
      return true;
    }

    @Override
    public void unmount(Duration grace) {}
  }

  private final Told kernel = new Told("kernel");
  private final Told jnr = new Told("jnr");
  private final AutoFuseHost auto =
      new AutoFuseHost(List.of(kernel, jnr), () -> Set.copyOf(mounts));

  private Mount mount() throws MountException {
    // no transport here looks into the tree
    FileTree tree =
        (FileTree)
            Proxy.newProxyInstance(
                FileTree.class.getClassLoader(),
                new Class<?>[] {FileTree.class},
                (proxy, method, arguments) -> {
                  throw new AssertionError(method);
                });
    return auto.mount(
        tree,
        TARGET,
        new MountOptions("s", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0),
        FuseEvents.NONE);
  }

  @Test
  void takesTheFirstThatIsUsable() throws MountException {
    assertSame(kernel, mount());
    assertEquals(List.of("kernel"), asked);
    assertSame(kernel, auto.choice().orElseThrow());
  }

  @Test
  void passesOverOneThatIsNotUsableWithoutAskingIt() throws MountException {
    kernel.unusable = "no /dev/fuse";
    assertSame(jnr, mount());
    assertEquals(List.of("jnr"), asked);
    assertSame(jnr, auto.choice().orElseThrow());
  }

  @Test
  void goesOnToTheNextWhenAMountFailed() throws MountException {
    kernel.failure = "refused";
    assertSame(jnr, mount());
  }

  @Test
  void stopsWhereAFailedMountLeftSomethingBehind() {
    kernel.failure = "handshake failed";
    kernel.leavesMount = true;
    assertEquals("handshake failed", assertThrows(MountException.class, this::mount).getMessage());
    assertEquals(List.of("kernel"), asked);
  }

  @Test
  void theFirstReasonIsTheOneShownWhenAllFail() {
    kernel.failure = "no such directory";
    jnr.failure = "something else";
    assertEquals("no such directory", assertThrows(MountException.class, this::mount).getMessage());
    assertEquals(List.of("kernel", "jnr"), asked);
  }

  @Test
  void namesEveryReasonWhereNothingIsUsable() {
    kernel.unusable = "no device";
    jnr.unusable = "no libfuse";
    String message = String.valueOf(assertThrows(MountException.class, this::mount).getMessage());
    assertTrue(message.contains("no device") && message.contains("no libfuse"), message);
    assertTrue(auto.unusable().orElseThrow().contains("no libfuse"));
    assertTrue(auto.choice().isEmpty());
  }
}
