package io.unsealfs.storage.local;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StorageException;
import io.unsealfs.trees.AwkwardTree;
import io.unsealfs.trees.Commands;
import io.unsealfs.trees.MemoryTree;
import io.unsealfs.trees.TreeImage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TreeExportTest {
  @TempDir Path directory;
  private final Recorder recorder = new Recorder();
  private final StopSwitch stop = new StopSwitch();

  private CopySummary export(MemoryTree.Item root, Path target) throws IOException {
    return new TreeExport(new TreeExport.Options(4, false), recorder, stop)
        .export(new MemoryTree(root), target);
  }

  private List<String> left() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void a_copy_of_an_awkward_tree_looks_exactly_like_it() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    AwkwardTree.create(source);
    Path target = directory.resolve("target");
    CopySummary summary;
    TreeSize size;
    try (LocalTree tree = LocalTree.open(source)) {
      size = TreeSize.of(tree);
      summary =
          new TreeExport(new TreeExport.Options(4, true), recorder, stop).export(tree, target);
    }
    assertEquals(List.of(), TreeImage.differences(source, target));
    assertEquals(
        "",
        Commands.succeed(
            "diff",
            "-r",
            "--no-dereference",
            "--exclude=p*",
            source.toString(),
            target.toString()));
    assertEquals(size.plaintextBytes(), recorder.bytes());
    assertEquals(size.plaintextBytes(), summary.plaintextBytes());
    assertEquals(size.files(), summary.files());
    assertEquals(4, summary.links());
    assertEquals(List.of(), recorder.failures());
    assertEquals(List.of("source", "target"), left());
  }

  @Test
  void runs_of_zeros_become_holes() throws Exception {
    byte[] content = new byte[3 << 20];
    content[content.length - 5000] = 1;
    Path target = directory.resolve("target");
    export(MemoryTree.directory(1).add(Name.of("f"), MemoryTree.file(2, content)), target);
    assertArrayEquals(content, Files.readAllBytes(target.resolve("f")));
    String blocks = Commands.succeed("stat", "-c", "%b", target + "/f").strip();
    assertTrue(Long.parseLong(blocks) * 512 < 1 << 20, blocks);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", ".", "", "a/b", "../escaped", "/tmp/escaped", "nul\0here"})
  void a_name_that_could_lead_elsewhere_is_a_damage(String name) throws Exception {
    Path target = directory.resolve("target");
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(Name.of(name), MemoryTree.file(2, new byte[] {1}))
            .add(Name.of("good"), MemoryTree.file(3, new byte[] {2}));
    CopySummary summary = export(root, target);
    assertEquals(1, summary.failures());
    assertEquals(1, summary.files());
    assertEquals("good\n", Commands.succeed("ls", "-A", target.toString()));
    assertEquals(List.of("target"), left());
  }

  @Test
  void a_name_too_long_and_one_listed_twice_are_damages() throws Exception {
    Path target = directory.resolve("target");
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(Name.of("n".repeat(256)), MemoryTree.file(2, new byte[1]))
            .add(Name.of("twice"), MemoryTree.file(3, new byte[] {3}))
            .add(Name.of("twice"), MemoryTree.file(3, new byte[] {3}));
    assertEquals(2, export(root, target).failures());
    assertArrayEquals(new byte[] {3}, Files.readAllBytes(target.resolve("twice")));
  }

  @Test
  void a_link_followed_by_a_directory_of_its_name_leads_nowhere() throws Exception {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    MemoryTree.Item link =
        MemoryTree.item(NodeKind.SYMLINK, 2, 0777, 1, outside.toString().getBytes(US_ASCII));
    MemoryTree.Item inner =
        MemoryTree.directory(3).add(Name.of("planted"), MemoryTree.file(4, new byte[1]));
    MemoryTree.Item root = MemoryTree.directory(1).add(Name.of("x"), link).add(Name.of("x"), inner);
    export(root, directory.resolve("target"));
    assertEquals("", Commands.succeed("ls", "-A", outside.toString()));
  }

  @Test
  void damaged_files_are_left_out_under_all_their_names_and_the_rest_is_kept() throws Exception {
    MemoryTree.Item bad =
        MemoryTree.item(NodeKind.FILE, 7, 0644, 2, new byte[3 << 20])
            .onRead((offset, length) -> {
              if (offset > 0) {
                throw new IntegrityException("stored-7: block 300: authentication failed");
              }
            });
    MemoryTree.Item hidden =
        MemoryTree.directory(8)
            .failListing(new IntegrityException("stored-8: gocryptfs.diriv is missing"));
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(Name.of("bad"), bad)
            .add(Name.of("sub"), MemoryTree.directory(2).add(Name.of("also bad"), bad))
            .add(Name.of("hidden"), hidden)
            .add(Name.of("good"), MemoryTree.file(3, new byte[] {1, 2, 3}));
    Path target = directory.resolve("target");
    CopySummary summary = export(root, target);
    assertEquals(2, summary.failures());
    assertEquals(1, summary.files());
    assertEquals(
        "good\nhidden\nsub\n", Commands.succeed("sh", "-c", "cd " + target + "; find * | sort"));
    assertTrue(recorder.failures().contains("stored-8 hidden"), recorder.failures().toString());
    assertEquals(2, recorder.failures().size());
  }

  @Test
  void a_storage_failure_leaves_nothing_behind() throws Exception {
    byte[] content = new byte[40 << 20];
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(
                Name.of("d"),
                MemoryTree.directory(5).add(Name.of("g"), MemoryTree.file(6, content)))
            .add(
                Name.of("f"),
                MemoryTree.file(2, content)
                    .onRead((offset, length) -> {
                      if (offset > 35 << 20) {
                        throw new StorageException("bucket: gone");
                      }
                    }));
    StorageException failure =
        assertThrows(StorageException.class, () -> export(root, directory.resolve("target")));
    assertEquals("bucket: gone", failure.getMessage());
    assertEquals(List.of(), left());
  }

  @Test
  void a_fault_of_the_tree_leaves_nothing_behind() throws Exception {
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(
                Name.of("f"),
                MemoryTree.file(2, new byte[10])
                    .onRead((offset, length) -> {
                      throw new IllegalStateException("a bug");
                    }));
    assertThrows(IllegalStateException.class, () -> export(root, directory.resolve("target")));
    assertEquals(List.of(), left());
  }

  @Test
  void an_existing_target_is_refused_and_left_alone_unless_it_is_an_empty_directory()
      throws Exception {
    MemoryTree.Item root =
        MemoryTree.directory(1).add(Name.of("f"), MemoryTree.file(2, new byte[] {1}));
    Path file = Files.writeString(directory.resolve("file"), "mine");
    Path full = Files.createDirectory(directory.resolve("full"));
    Files.writeString(full.resolve("mine"), "mine");
    Path empty = Files.createDirectory(directory.resolve("empty"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), empty);
    for (Path taken : List.of(file, full, link)) {
      assertThrows(FileAlreadyExistsException.class, () -> export(root, taken));
    }
    assertEquals("mine", Files.readString(file));
    assertTrue(Files.isSymbolicLink(link));
    export(root, empty);
    assertTrue(Files.exists(empty.resolve("f")));
    assertEquals(List.of("empty", "file", "full", "link"), left());
    assertThrows(
        NoSuchFileException.class, () -> export(root, directory.resolve("missing/target")));
  }

  @Test
  void somebody_who_makes_the_target_meanwhile_keeps_it() throws Exception {
    Path target = directory.resolve("target");
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(
                Name.of("f"),
                MemoryTree.file(2, new byte[1])
                    .onRead((offset, length) -> {
                      Files.createDirectories(target);
                      Files.writeString(target.resolve("theirs"), "x");
                    }));
    assertThrows(FileAlreadyExistsException.class, () -> export(root, target));
    assertEquals("theirs\n", Commands.succeed("ls", "-A", target.toString()));
    assertEquals(List.of("target"), left());
  }

  @Test
  void stopping_waits_until_nothing_is_left() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(
                Name.of("f"),
                MemoryTree.file(2, new byte[64 << 20])
                    .onRead((offset, length) -> {
                      reading.countDown();
                      await(goOn);
                    }));
    AtomicReference<Throwable> ended = new AtomicReference<>();
    Thread exporting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                export(root, directory.resolve("target"));
              } catch (Throwable t) {
                ended.set(t);
              }
            });
    reading.await();
    assertEquals(1, left().size());
    Thread stopping = Thread.ofPlatform().start(stop::close);
    while (!stop.stopped()) {
      Thread.onSpinWait();
    }
    goOn.countDown();
    stopping.join();
    assertEquals(List.of(), left());
    exporting.join();
    assertTrue(ended.get() instanceof InterruptedIOException, String.valueOf(ended.get()));
    assertThrows(
        InterruptedIOException.class,
        () -> export(MemoryTree.directory(1), directory.resolve("later")));
  }

  private static void await(CountDownLatch latch) throws InterruptedIOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  @Test
  void set_id_bits_of_files_are_dropped_unless_asked_for() throws Exception {
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(Name.of("s"), MemoryTree.item(NodeKind.FILE, 2, 06755, 1, new byte[1]));
    Path target = directory.resolve("target");
    CopySummary summary = export(root, target);
    assertEquals("755\n", Commands.succeed("stat", "-c", "%a", target + "/s"));
    assertEquals(1, summary.notices());
    Path kept = directory.resolve("kept");
    assumeTrue(OutputDirectory.effectiveUser() == 0, "keeping set-id bits of root needs root");
    new TreeExport(new TreeExport.Options(1, true), recorder, stop)
        .export(new MemoryTree(root), kept);
    assertEquals("6755\n", Commands.succeed("stat", "-c", "%a", kept + "/s"));
  }

  @Test
  void sockets_and_devices_are_left_out_with_a_notice() throws Exception {
    MemoryTree.Item root = MemoryTree.directory(1);
    long id = 2;
    for (NodeKind kind :
        List.of(NodeKind.SOCKET, NodeKind.CHARACTER_DEVICE, NodeKind.BLOCK_DEVICE)) {
      root.add(Name.of(kind.name()), MemoryTree.item(kind, id++, 0666, 1, new byte[0]));
    }
    CopySummary summary = export(root, directory.resolve("target"));
    assertEquals(3, summary.notices());
    assertEquals(0, summary.failures());
    assertEquals("", Commands.succeed("ls", "-A", directory + "/target"));
  }

  @Test
  void a_full_device_is_reported_and_leaves_nothing() throws Exception {
    assumeTrue(OutputDirectory.effectiveUser() == 0, "mounting a small file system needs root");
    Path small = Files.createDirectory(directory.resolve("small"));
    assumeTrue(
        Commands.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()).exit()
            == 0,
        "no file system can be mounted here");
    try {
      byte[] content = new byte[8 << 20];
      new Random(1).nextBytes(content);
      MemoryTree.Item root = MemoryTree.directory(1).add(Name.of("f"), MemoryTree.file(2, content));
      StorageException failure =
          assertThrows(StorageException.class, () -> export(root, small.resolve("target")));
      assertTrue(
          failure.toString().toLowerCase(Locale.ROOT).contains("no space left"),
          failure.toString());
      assertEquals("", Commands.succeed("ls", "-A", small.toString()));
    } finally {
      Commands.succeed("umount", small.toString());
    }
  }

  @Test
  void a_target_inside_its_source_is_refused_through_links_too() throws Exception {
    Path source = Files.createDirectories(directory.resolve("source/sub"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), source);
    Path parent = directory.resolve("source");
    for (Path target :
        List.of(parent, source, source.resolve("new"), link.resolve("new"), directory)) {
      assertThrows(FileSystemException.class, () -> TargetPaths.requireApart(parent, target));
    }
    TargetPaths.requireApart(parent, directory.resolve("source2"));
  }

  @Test
  void removal_takes_trees_deeper_than_any_path_and_directories_nobody_may_enter()
      throws Exception {
    Commands.succeed(
        "bash",
        "-c",
        "cd \"$1\"; mkdir t; cd t; for i in $(seq 60); do d=$(printf '%0.sd' $(seq 200));"
            + " mkdir $d; cd -P $d; done; touch f; chmod 0000 .",
        "bash",
        directory.toString());
    try (OutputDirectory parent = OutputDirectory.open(directory.toString().getBytes(US_ASCII))) {
      TreeRemoval.remove(parent, "t".getBytes(US_ASCII));
    }
    assertEquals(List.of(), left());
  }
}
