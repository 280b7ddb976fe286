package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of a guest's data hub, whose REST interface is played by a server of the test's. */
class DataHubTest {
  private static final String HELLO = "hello.bin";
  private static final List<String> ASKED = new CopyOnWriteArrayList<>();

  @TempDir static Path shared;
  private static Path volume = Path.of("");
  private static String hub = "";
  private static @Nullable HttpServer server;
  @TempDir Path scratch;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    VectorVolume vector = VectorVolume.named("aessiv-deterministic-names");
    volume = vector.unpack(shared);
    HttpServer started =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    started.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          ASKED.add(path);
          boolean known = path.equals("/cdh/resource/default/key/model");
          byte[] answer = (known ? vector.password() : "request unauthorized").getBytes(UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 500, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    started.start();
    server = started;
    hub = "http://127.0.0.1:" + started.getAddress().getPort();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @Test
  void aVolumeIsMountedWithAKeyOfTheHub() throws IOException, InterruptedException {
    Needs.fuse();
    try (Mounted mounted =
        Mounted.mount(scratch, volume, "--key", "cdh:///default/key/model", "--cdh", hub)) {
      assertArrayEquals(
          VectorVolume.content(HELLO, 5000), Files.readAllBytes(mounted.resolve(HELLO)));
    }
  }

  @Test
  void aRefusalOfTheBrokerIsADenial() throws IOException, InterruptedException {
    Outcome outcome =
        Command.unsealfs(
                scratch,
                "ls",
                volume.toString(),
                "--key",
                "cdh:///default/key/other?as=hex",
                "--cdh",
                hub)
            .run();
    outcome.assertStatus(21);
    assertTrue(outcome.errLine().contains("kbs:///default/key/other"), outcome::toString);
  }

  @Test
  void nobodyOutsideTheGuestIsAsked() throws IOException, InterruptedException {
    Command.unsealfs(
            scratch,
            "ls",
            volume.toString(),
            "--key",
            "cdh:///default/key/model",
            "--cdh",
            "http://192.0.2.1:8006")
        .run()
        .assertStatus(2);
  }

  @Test
  void kserveNamesTheKeyInTheEnvironment() throws IOException, InterruptedException {
    // as its storage initializer is called: the model, and a directory that is there
    Path models = Files.createDirectory(scratch.resolve("models"));
    Path left = Files.createDirectories(models.resolve(".unsealfs-partial/folder"));
    Files.writeString(left.resolve("half"), "of a run that was killed");
    Outcome outcome =
        Command.unsealfs(scratch, "export", "--into", volume.toString(), models.toString())
            .environment("CONFIDENTIAL_ENABLED", "true")
            .environment("CONFIDENTIAL_RESOURCE_ID", "kbs:///default/key/model")
            .environment("UNSEALFS_CDH", hub)
            .run();
    outcome.assertStatus(0);
    assertArrayEquals(VectorVolume.content(HELLO, 5000), Files.readAllBytes(models.resolve(HELLO)));
    assertFalse(Files.exists(models.resolve(".unsealfs-partial")));
    assertTrue(ASKED.contains("/cdh/resource/default/key/model"));

    Outcome again =
        Command.unsealfs(scratch, "export", "--into", volume.toString(), models.toString())
            .environment("CONFIDENTIAL_ENABLED", "true")
            .environment("CONFIDENTIAL_RESOURCE_ID", "kbs:///default/key/model")
            .environment("UNSEALFS_CDH", hub)
            .run();
    again.assertStatus(2);

    Outcome unnamed =
        Command.unsealfs(scratch, "ls", volume.toString())
            .environment("CONFIDENTIAL_ENABLED", "true")
            .run();
    assertEquals(2, unnamed.status(), unnamed::toString);
  }
}
