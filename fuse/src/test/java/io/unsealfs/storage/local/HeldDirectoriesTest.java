package io.unsealfs.storage.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.os.PathOpener;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HeldDirectoriesTest {
  private static final int DIRECTORIES = 200;

  @TempDir Path directory;

  private LocalTree tree() throws IOException {
    return LocalTree.open(directory.toString().getBytes(UTF_8), PathOpener.best());
  }

  private long descriptorsBelowTheRoot() throws IOException {
    String below = directory.toRealPath() + "/";
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(
              fd -> {
                try {
                  return Files.readSymbolicLink(fd).toString().startsWith(below);
                } catch (IOException e) {
                  return false; // closed since it was listed
                }
              })
          .count();
    }
  }

  @Test
  void manyDirectoriesWalkedAtOnceShowTheirOwnFilesAndLeaveFewDescriptors() throws Exception {
    for (int d = 0; d < DIRECTORIES; d++) {
      Path inner = Files.createDirectory(directory.resolve("d" + d));
      Files.write(inner.resolve("f"), new byte[d]);
    }
    try (LocalTree tree = tree();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<Long>> lookups = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (int d = 0; d < DIRECTORIES; d++) {
          Node inner = tree.lookup(tree.root(), Name.of("d" + d));
          lookups.add(() -> tree.lookup(inner, Name.of("f")).attributes().size());
        }
      }
      int number = 0;
      for (Future<Long> size : threads.invokeAll(lookups)) {
        assertEquals(number++ % DIRECTORIES, size.get());
      }
      assertTrue(descriptorsBelowTheRoot() > 0, "none is held");
      assertTrue(descriptorsBelowTheRoot() <= 64, "held: " + descriptorsBelowTheRoot());
    }
    assertEquals(0, descriptorsBelowTheRoot());
  }

  @Test
  void aFileOfADirectoryThatWasReplacedIsNeverOpened() throws Exception {
    Path inner = Files.createDirectory(directory.resolve("d"));
    Files.write(inner.resolve("seen"), new byte[1]);
    Files.write(inner.resolve("unseen"), new byte[1]);
    try (LocalTree tree = tree()) {
      Node node = tree.lookup(tree.root(), Name.of("d"));
      Node seen = tree.lookup(node, Name.of("seen"));

      Files.move(inner, directory.resolve("old"));
      Files.createDirectory(inner);
      Files.write(inner.resolve("seen"), new byte[2]);
      Files.write(inner.resolve("unseen"), new byte[2]);

      assertThrows(IOException.class, () -> tree.open(seen));
      Node unseen = tree.lookup(node, Name.of("unseen"));
      assertEquals(1, unseen.attributes().size());
      assertThrows(IOException.class, () -> tree.open(unseen));
    }
  }
}
