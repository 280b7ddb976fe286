package io.unsealfs.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pod's pair of containers under runc: the sidecar mounts into a volume that it shares with the
 * server, as manifests with Bidirectional and HostToContainer have it.
 */
class SidecarTest {
  private static final String CONTENT = "the weights\n".repeat(3000);

  @TempDir static Path shared;
  private static Path root = Path.of("");
  private static Path volume = Path.of("");
  private static JsonNode configuration = new ObjectMapper().createObjectNode();

  @TempDir Path scratch;
  private Path models = Path.of("");

  @BeforeAll
  static void image() throws IOException, InterruptedException {
    Needs.fuse();
    Needs.programs("runc", "mount", "umount", "sh", "sha256sum");
    Images.build();
    root = Files.createDirectory(shared.resolve("root"));
    configuration = Images.unpack("unsealfs", shared, root);
    Path plain = Files.createDirectory(shared.resolve("plain"));
    Files.writeString(plain.resolve("größe.bin"), CONTENT);
    Path secrets = Files.createDirectory(shared.resolve("secrets"));
    Files.createFile(
        secrets.resolve("key"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(secrets.resolve("key"), "of the sidecar test");
    volume = shared.resolve("ciphertext");
    // by the image itself, in which nothing but the volume can be written
    try (RuncContainer encrypt =
        RuncContainer.of(
                shared,
                root,
                List.of(
                    "/usr/bin/unsealfs",
                    "encrypt",
                    "--scrypt-n",
                    "10",
                    "--key",
                    "file:/run/secrets/key",
                    "/run/data/plain",
                    "/run/data/ciphertext"))
            .environment(configuration)
            .tmpfs("/run")
            .bind(secrets, "/run/secrets", "bind", "ro")
            .bind(shared, "/run/data", "bind", "rw")
            .start()) {
      assertEquals(0, encrypt.program().await(60), encrypt.program()::toString);
    }
  }

  @BeforeEach
  void volume() throws IOException, InterruptedException {
    models = Files.createDirectory(scratch.resolve("models"));
    Program.run(scratch, 20, "mount", "--bind", models.toString(), models.toString());
    Program.run(scratch, 20, "mount", "--make-shared", models.toString());
  }

  @AfterEach
  void nothingIsLeft() throws IOException, InterruptedException {
    List<String> left = mountsBelow(models.resolve("tree"));
    for (String _ : left) {
      Program.run(scratch, 20, "umount", "-l", models.resolve("tree").toString());
    }
    Program.run(scratch, 20, "umount", "-l", models.toString());
    assertEquals(List.of(), left, "mounts that leaked out of the pod");
  }

  @AfterAll
  static void unmounted() throws IOException {
    assertEquals(List.of(), mountsBelow(shared));
  }

  private static List<String> mountsBelow(Path path) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo"), UTF_8).stream()
        .filter(line -> line.split(" ", -1)[4].startsWith(path.toString()))
        .toList();
  }

  private RuncContainer sidecar(String... options) throws IOException, InterruptedException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "/usr/bin/unsealfs",
                "mount",
                "--foreground",
                "--make-mountpoint",
                "--allow-other",
                "--key",
                "file:/run/secrets/key"));
    words.addAll(List.of(options));
    words.addAll(List.of("/run/ciphertext", "/run/models/tree"));
    return RuncContainer.of(scratch, root, words)
        .environment(configuration)
        .mayMount()
        .tmpfs("/run")
        .bind(shared.resolve("secrets"), "/run/secrets", "bind", "ro")
        .bind(volume, "/run/ciphertext", "bind", "ro")
        .bind(models, "/run/models", "rbind", "rshared", "rw");
  }

  /** A server: a shell of this machine, that sees the volume. */
  private RuncContainer server(String script) throws IOException, InterruptedException {
    Path empty = Files.createTempDirectory(scratch, "server-");
    for (String directory : List.of("usr", "lib", "lib64", "bin", "models", "proc", "dev", "sys")) {
      Files.createDirectory(empty.resolve(directory));
    }
    RuncContainer server = RuncContainer.of(scratch, empty, List.of("/bin/sh", "-c", script));
    for (String directory : List.of("/usr", "/lib", "/lib64", "/bin")) {
      server.bind(Path.of(directory), directory, "rbind", "ro");
    }
    return server.bind(models, "/models", "rbind", "rslave", "ro");
  }

  private static void awaitReady(RuncContainer sidecar) throws InterruptedException {
    sidecar.program().awaitText(" mounted on ");
  }

  private void assertServed() throws IOException, InterruptedException {
    try (RuncContainer server = server("cat /models/tree/gr*.bin").start()) {
      assertEquals(0, server.program().await(30), server.program()::toString);
      assertEquals(CONTENT, server.program().said());
    }
  }

  @Test
  void theServerReadsWhatTheSidecarDecrypts() throws IOException, InterruptedException {
    try (RuncContainer sidecar = sidecar().start()) {
      awaitReady(sidecar);
      assertServed();
      sidecar.signal("TERM");
      assertEquals(0, sidecar.program().await(30), sidecar.program()::toString);
      assertEquals(List.of(), mountsBelow(models.resolve("tree")));
    }
  }

  @Test
  void aServerThatWasThereBeforeSeesTheTreeToo() throws IOException, InterruptedException {
    try (RuncContainer server =
            server("until cat /models/tree/gr*.bin 2>/dev/null; do sleep 0.05; done").start();
        RuncContainer sidecar = sidecar().start()) {
      assertEquals(0, server.program().await(60), server.program()::toString);
      assertEquals(CONTENT, server.program().said());
      // the tree is there before the sidecar listens to signals
      awaitReady(sidecar);
      sidecar.signal("TERM");
      assertEquals(0, sidecar.program().await(30), sidecar.program()::toString);
    }
  }

  @Test
  void preStopWaitsForTheServersFiles() throws IOException, InterruptedException {
    Path go = models.resolve("go");
    try (RuncContainer sidecar = sidecar("--debug", "--grace", "30").start()) {
      awaitReady(sidecar);
      try (RuncContainer server =
          server(
                  "set -- /models/tree/gr*.bin; exec 3<\"$1\"; echo holding; until [ -e /models/go ]; do sleep 0.05;"
                      + " done; cat <&3")
              .start()) {
        server.program().awaitText("holding");
        try (Program preStop =
            sidecar.exec("/usr/bin/unsealfs", "umount", "/run/models/tree", "--grace", "40")) {
          sidecar.program().awaitText("-> STOPPING");
          assertFalse(mountsBelow(models.resolve("tree")).isEmpty(), "still in use");
          Files.createFile(go);
          assertEquals(0, server.program().await(30), server.program()::toString);
          assertTrue(server.program().said().endsWith(CONTENT), "it read on to the end");
          // the container ends with its first process, and the hook with the container
          assertTrue(List.of(0, 137).contains(preStop.await(60)), preStop::toString);
        }
      }
      assertEquals(0, sidecar.program().await(30), sidecar.program()::toString);
      assertEquals(List.of(), mountsBelow(models.resolve("tree")));
    }
  }

  @Test
  void aSidecarThatIsKilledIsReplacedByTheNextOne() throws IOException, InterruptedException {
    try (RuncContainer server =
        server("until [ -e /models/go ]; do sleep 0.05; done; cat /models/tree/gr*.bin").start()) {
      try (RuncContainer sidecar = sidecar().start()) {
        awaitReady(sidecar);
        assertServed();
        sidecar.signal("KILL");
        assertEquals(137, sidecar.program().await(30), sidecar.program()::toString);
      }
      // who watched over the mount died with the container; the next one clears it away
      try (RuncContainer next = sidecar().start()) {
        awaitReady(next);
        assertEquals(1, mountsBelow(models.resolve("tree")).size());
        Files.createFile(models.resolve("go"));
        assertEquals(0, server.program().await(30), server.program()::toString);
        assertEquals(CONTENT, server.program().said());
        next.signal("TERM");
        assertEquals(0, next.program().await(30), next.program()::toString);
      }
    }
  }

  @Test
  void theCacheFollowsTheMemoryLimit() throws IOException, InterruptedException {
    long limit = 400L << 20;
    try (RuncContainer sidecar = sidecar().memory(limit).start()) {
      awaitReady(sidecar);
      assertServed();
      try (Program doctor = sidecar.exec("/usr/bin/unsealfs", "doctor", "--json")) {
        int _ = doctor.await(60);
        assertTrue(doctor.said().contains("400 MiB"), doctor::toString);
      }
      sidecar.signal("TERM");
      assertEquals(0, sidecar.program().await(30), sidecar.program()::toString);
      String figures =
          sidecar
              .program()
              .said()
              .lines()
              .filter(line -> line.contains("bytes held of "))
              .findFirst()
              .orElseThrow();
      long cache = Long.parseLong(figures.replaceAll(".*bytes held of ([0-9]+).*", "$1"));
      assertTrue(cache > 0 && cache <= limit / 8, figures);
    }
    try (RuncContainer greedy = sidecar("--cache", "300M").memory(limit).start()) {
      assertEquals(2, greedy.program().await(30), greedy.program()::toString);
      assertTrue(greedy.program().said().contains("--cache"), greedy.program()::toString);
    }
  }
}
