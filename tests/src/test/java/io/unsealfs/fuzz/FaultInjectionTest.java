package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.fuzz.FaultPlan.Fault;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Opens a small volume and reads all of it, once for every call that it makes to the storage, and
 * that call goes wrong. Whatever happens, bytes that are served are right, and nothing stays open.
 */
class FaultInjectionTest {
  private final CipherVolume volume;
  private final List<PlaintextPath> files = new ArrayList<>();
  private final List<PlaintextPath> links = new ArrayList<>();
  private final List<byte[]> contents = new ArrayList<>();
  private final List<Name> targets = new ArrayList<>();

  FaultInjectionTest() throws IOException {
    volume = CipherVolume.named("default-scrypt16");
    try (Volume opened = volume.open()) {
      FileTree tree = opened.tree();
      files.addAll(PlaintextPath.all(tree, NodeKind.FILE));
      links.addAll(PlaintextPath.all(tree, NodeKind.SYMLINK));
      for (PlaintextPath file : files) {
        contents.add(Plaintext.read(tree, file.find(tree)));
      }
      for (PlaintextPath link : links) {
        targets.add(tree.readLink(link.find(tree)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  @DisplayName("whichever call fails, bytes are right or refused, and nothing stays open")
  void everyCall(Fault fault) throws IOException {
    FaultPlan clean = new FaultPlan(Fault.NONE, 0);
    assertEquals(0, readAll(clean), "refused without a fault");
    assertTrue(clean.calls() > 20, "the volume is read with " + clean.calls() + " calls");
    int refused = 0;
    for (long at = 0; at < clean.calls(); at++) {
      FaultPlan plan = new FaultPlan(fault, at);
      refused += readAll(plan);
      assertEquals(0, plan.openSources(), fault + " at call " + at + " leaves sources open");
    }
    assertTrue(refused > 0, "no fault was ever noticed");
  }

  /** Reads everything, each object on its own; how many were refused. */
  private int readAll(FaultPlan plan) {
    int refused = 0;
    try (Volume opened = volume.open(new FaultyTree(volume.tree(), plan))) {
      FileTree tree = opened.tree();
      for (int i = 0; i < files.size(); i++) {
        refused += attempt(i, tree);
      }
      for (int i = 0; i < links.size(); i++) {
        refused += attemptLink(i, tree);
      }
      opened.check(finding -> {}, bytes -> {});
    } catch (IOException e) {
      refused++;
    } catch (FaultPlan.InjectedError | IllegalStateException e) {
      refused += requireInjected(e);
    }
    return refused;
  }

  private int attempt(int i, FileTree tree) {
    try {
      Node node = files.get(i).find(tree);
      byte[] seen = Plaintext.read(tree, node);
      byte[] written = contents.get(i);
      if (seen.length == written.length) {
        assertArrayEquals(written, seen, "wrong bytes are served");
      } else {
        // a shorter or empty object is another version: the format does not hold its length
        assertTrue(seen.length < written.length, "more bytes than were written");
        assertArrayEquals(Arrays.copyOf(written, seen.length), seen, "wrong bytes are served");
      }
      return 0;
    } catch (IOException e) {
      return 1;
    } catch (FaultPlan.InjectedError | IllegalStateException e) {
      return requireInjected(e);
    }
  }

  private int attemptLink(int i, FileTree tree) {
    try {
      assertEquals(targets.get(i), tree.readLink(links.get(i).find(tree)));
      return 0;
    } catch (IOException e) {
      return 1;
    } catch (FaultPlan.InjectedError | IllegalStateException e) {
      return requireInjected(e);
    }
  }

  /** What is not typed may pass through, for the adapter to catch, but only as it was thrown. */
  private static int requireInjected(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (!"injected".equals(root.getMessage())) {
      throw new AssertionError("a failure of our own making", e);
    }
    return 1;
  }
}
