package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with its AOT cache, and with one that is missing, broken or of another jar. */
class StartCacheTest {
  @TempDir Path scratch;

  private Path target;
  private Path launcher;

  /** A copy of the built program: the checkout's own cache must survive the tests. */
  @BeforeEach
  void copyProgram() throws IOException, InterruptedException {
    Command.unsealfs(scratch, "--version").run().assertStatus(0); // builds what is missing
    Path daemon = Needs.checkout().resolve("daemon");
    Path copy = scratch.resolve("program/daemon");
    copyTree(daemon.resolve("bin"), copy.resolve("bin"));
    copyTree(daemon.resolve("target/lib"), copy.resolve("target/lib"));
    copyTree(daemon.resolve("target/start"), copy.resolve("target/start"));
    copyFile(
        daemon.resolve("target/unsealfs-daemon.jar"), copy.resolve("target/unsealfs-daemon.jar"));
    target = copy.resolve("target");
    launcher = copy.resolve("bin/unsealfs");
  }

  @Test
  void theBuildMakesACacheAndItIsQuiet() throws IOException, InterruptedException {
    assertTrue(Files.size(cache()) > 1 << 20, "size of " + cache());
    assertStartsQuietly();
  }

  @Test
  @DisplayName("The cache knows what the mount of a prefix in a bucket asks the store first")
  void theCacheKnowsWhatABucketIsAskedFirst() throws IOException {
    String classes = Files.readString(cache(), ISO_8859_1);
    assertTrue(
        classes.contains("software/amazon/awssdk/services/s3/model/HeadObjectResponse$BuilderImpl"),
        "the answer to the question for an object of the prefix's name is not in " + cache());
  }

  @Test
  void aMissingCacheIsNoMatter() throws IOException, InterruptedException {
    Files.delete(cache());
    Files.writeString(current(), currentLines().getFirst() + "\nnone\n\n");
    assertStartsQuietly();
  }

  @Test
  void aTruncatedCacheIsNoMatter() throws IOException, InterruptedException {
    byte[] whole = Files.readAllBytes(cache());
    Files.write(cache(), java.util.Arrays.copyOf(whole, whole.length / 3));
    assertStartsQuietly();
  }

  @Test
  void anOverwrittenCacheIsNoMatter() throws IOException, InterruptedException {
    Files.writeString(cache(), "not a cache\n".repeat(1000), UTF_8);
    assertStartsQuietly();
  }

  @Test
  @DisplayName("A cache of another jar is left alone")
  void aCacheOfAnotherJarIsNoMatter() throws IOException, InterruptedException {
    Path jar = target.resolve("unsealfs-daemon.jar");
    FileTime before = Files.getLastModifiedTime(jar);
    Files.setLastModifiedTime(jar, FileTime.fromMillis(before.toMillis() - 3_600_000));
    assertStartsQuietly();
  }

  @Test
  @DisplayName("A jar newer than the cache gets one of its own")
  void aNewerJarGetsANewCache() throws IOException, InterruptedException {
    String id = currentLines().get(1);
    Path jar = target.resolve("unsealfs-daemon.jar");
    Files.setLastModifiedTime(current(), FileTime.fromMillis(0));
    Files.setLastModifiedTime(jar, FileTime.fromMillis(1_000_000));
    assertStartsQuietly();
    assertNotEquals(id, currentLines().get(1));
    assertTrue(Files.size(cache()) > 1 << 20, "size of " + cache());
    assertEquals(1, children(target.resolve("start")).stream().filter(Files::isDirectory).count());
  }

  private void assertStartsQuietly() throws IOException, InterruptedException {
    Outcome outcome = new Command(scratch, launcher.toString(), "--version").run();
    outcome.assertStatus(0);
    assertTrue(outcome.out().startsWith("unsealfs "), outcome.out());
    assertEquals(2, outcome.out().lines().count(), outcome.out());
    assertEquals("", outcome.err());
  }

  private Path current() {
    return target.resolve("start/current");
  }

  private List<String> currentLines() throws IOException {
    return Files.readAllLines(current());
  }

  private Path cache() throws IOException {
    return target.resolve("start").resolve(currentLines().get(1)).resolve("unsealfs.aot");
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Path child : children(from)) {
      Path copy = to.resolve(child.getFileName());
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        copyTree(child, copy);
      } else {
        copyFile(child, copy);
      }
    }
  }

  private static void copyFile(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
  }
}
