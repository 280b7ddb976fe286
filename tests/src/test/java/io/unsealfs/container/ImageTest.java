package io.unsealfs.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two images: small, the same each time, and working without a place to write. */
class ImageTest {
  private static final long MOST_BYTES = 130_000_000;

  @TempDir static Path shared;
  private static Path root = Path.of("");
  private static JsonNode configuration = new ObjectMapper().createObjectNode();

  @TempDir Path scratch;

  @BeforeAll
  static void build() throws IOException, InterruptedException {
    Images.build();
    root = Files.createDirectory(shared.resolve("root"));
    configuration = Images.unpack("unsealfs", shared, root);
  }

  @Test
  void aSecondBuildIsTheSameBitForBit() throws IOException, InterruptedException {
    List<String> images = List.of("unsealfs", "unsealfs-keyserver");
    String before = Images.digest(images.get(0)) + Images.digest(images.get(1));
    String said = Images.rebuild();
    assertEquals(before, Images.digest(images.get(0)) + Images.digest(images.get(1)));
    for (String image : images) {
      assertTrue(said.contains(image + " " + Images.digest(image)), said);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unsealfs", "unsealfs-keyserver"})
  void itIsSmallAndSaysWhatItIs(String image) throws IOException, InterruptedException {
    assertTrue(Files.size(Images.tar(image)) <= MOST_BYTES, image + " is too large");
    Path files = Files.createDirectory(scratch.resolve("files"));
    JsonNode said = Images.unpack(image, scratch, files).get("config");
    assertEquals(image, said.get("Labels").get("org.opencontainers.image.title").textValue());
    assertEquals("/usr/bin/unsealfs", said.get("Entrypoint").get(0).textValue());
    assertTrue(said.get("Env").toString().contains("LANG=C.UTF-8"));
    for (String parts : List.of("unsealfs.cdx.json", "system.cdx.json")) {
      JsonNode list =
          new ObjectMapper().readTree(files.resolve("usr/share/sbom").resolve(parts).toFile());
      assertEquals("CycloneDX", list.get("bomFormat").textValue());
      assertTrue(list.get("components").size() > 5, parts);
    }
  }

  @Test
  void itHoldsNothingSetUserIdAndNothingOfOtherMachines() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.toList()) {
        int mode =
            (Integer)
                Files.getAttribute(path, "unix:mode", java.nio.file.LinkOption.NOFOLLOW_LINKS);
        assertEquals(0, mode & 06000, path.toString());
        assertFalse(path.toString().contains("aarch_64"), path.toString());
      }
    }
  }

  @Test
  void itStartsWithItsCacheAndWithoutAPlaceToWrite() throws IOException, InterruptedException {
    try (RuncContainer container =
        RuncContainer.of(scratch, root, List.of("/usr/bin/unsealfs", "--version"))
            .environment(configuration)
            .start()) {
      assertEquals(0, container.program().await(30), container.program()::toString);
      assertTrue(container.program().said().startsWith("unsealfs "), container.program()::toString);
    }
    // told to, the JVM says what it thinks of the cache
    try (RuncContainer container =
        RuncContainer.of(
                scratch,
                root,
                List.of(
                    "/usr/lib/unsealfs/jre/bin/java",
                    "@/usr/lib/unsealfs/jvm.args",
                    "-XX:AOTMode=on",
                    "io.unsealfs.daemon.Main",
                    "--version"))
            .start()) {
      assertEquals(0, container.program().await(30), container.program()::toString);
    }
  }

  @Test
  void theKeyServerServesAsAnOrdinaryUser() throws IOException, InterruptedException {
    Path files = Files.createDirectory(scratch.resolve("files"));
    JsonNode said = Images.unpack("unsealfs-keyserver", scratch, files);
    assertEquals("65532:65532", said.get("config").get("User").textValue());
    assertFalse(Files.exists(files.resolve("usr/bin/fusermount3")));
    Path writable = Files.createDirectory(scratch.resolve("writable"));
    Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rwxrwxrwx"));
    String script =
        String.join(
            " && ",
            "unsealfs keyserver init /run/keys --listen 127.0.0.1:0",
            "exec unsealfs keyserver --config /run/keys/keyserver.yaml");
    try (RuncContainer server =
        RuncContainer.of(scratch, files, List.of("/bin/sh", "-c", script))
            .environment(said)
            .user(65_532)
            .bind(writable, "/run", "bind", "rw")
            .start()) {
      server.program().awaitText("serving");
      server.signal("TERM");
      assertEquals(143, server.program().await(30), server.program()::toString);
    }
  }

  @Test
  void theEnvironmentBringsNoAgentAndOnlySettingsOfMemory()
      throws IOException, InterruptedException {
    assertEquals("", says("JAVA_TOOL_OPTIONS=-javaagent:/none.jar", 0));
    assertEquals("", says("_JAVA_OPTIONS=-XX:OnError=true", 0));
    assertEquals("", says("UNSEALFS_JVM_OPTIONS=-Xmx200m -XX:ActiveProcessorCount=1", 0));
    for (String bad :
        List.of("-javaagent:/none.jar", "-Xmx1g;id", "-XX:OnError=id", "@/etc/passwd", "-Xmx")) {
      assertNotEquals("", says("UNSEALFS_JVM_OPTIONS=" + bad, 2), bad);
    }
  }

  /** What is said besides the version. */
  private String says(String variable, int status) throws IOException, InterruptedException {
    List<String> words =
        List.of("/bin/sh", "-c", "export \"$0\"; exec unsealfs --version", variable);
    try (RuncContainer container =
        RuncContainer.of(scratch, root, words).environment(configuration).start()) {
      assertEquals(status, container.program().await(30), container.program()::toString);
      return String.join(
          "\n",
          container
              .program()
              .said()
              .lines()
              .filter(line -> !line.matches("(unsealfs [0-9]|Java ).*"))
              .toList());
    }
  }
}
