package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three key servers, each a process of its own, on one real etcd. */
class EtcdKeyServersTest {
  private static final Pattern SERVING =
      Pattern.compile("serving on port ([0-9]+); identity (sha256:[0-9a-f]{64})");
  private static final int SERVERS = 3;

  @TempDir Path scratch = Path.of("");
  private final List<Member> members = new ArrayList<>();
  private int etcdPort;
  private @Nullable Running etcd;

  /** A key server and what a client needs to know of it. */
  private record Member(Running server, String address, String pin) {}

  @BeforeEach
  void start() throws IOException, InterruptedException {
    Needs.programs("etcd");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      etcdPort = free.getLocalPort();
    }
    startEtcd();
    Command.unsealfs(scratch, "keyserver", "init", scratch.resolve("server").toString())
        .with("--listen", "127.0.0.1:0", "--allow-sample")
        .run()
        .assertStatus(0);
    for (int i = 1; i <= SERVERS; i++) {
      String config = Files.readString(scratch.resolve("server/keyserver.yaml"));
      Files.writeString(
          config(i),
          config
              .replace("audit.jsonl", "audit-" + i + ".jsonl")
              .replace("  directory: store", "  etcd:\n    endpoints: [" + etcdUrl() + "]"));
      members.add(startServer(i));
    }
    secret("add", "model", "--key", Secrets.reference(scratch, "first"), "--allow", "sample");
  }

  @AfterEach
  void stop() throws IOException {
    for (Member member : members) {
      member.server().close();
    }
    if (etcd != null) {
      etcd.close();
    }
  }

  private String etcdUrl() {
    return "http://127.0.0.1:" + etcdPort;
  }

  private Path config(int server) {
    return scratch.resolve("server/keyserver-" + server + ".yaml");
  }

  private void startEtcd() throws IOException, InterruptedException {
    Running started =
        new Command(scratch, "etcd", "--data-dir", scratch.resolve("etcd").toString())
            .with("--listen-client-urls", etcdUrl(), "--advertise-client-urls", etcdUrl())
            .with("--listen-peer-urls", "http://127.0.0.1:0")
            .start();
    etcd = started;
    started.awaitLine("ready to serve client requests");
  }

  private void killEtcd() throws IOException, InterruptedException {
    Running running = etcd;
    if (running == null) {
      throw new AssertionError("no etcd");
    }
    running.signal("KILL");
    running.await();
    running.close();
  }

  private Member startServer(int number) throws IOException, InterruptedException {
    Running started =
        Command.unsealfs(scratch, "keyserver", "--config", config(number).toString()).start();
    Matcher serving = SERVING.matcher(started.awaitLine("serving on port"));
    assertTrue(serving.find(), started::toString);
    return new Member(started, "grpc://127.0.0.1:" + serving.group(1) + "/", serving.group(2));
  }

  private Outcome secret(String command, String name, String... options)
      throws IOException, InterruptedException {
    return Command.unsealfs(scratch, "keyserver", "secret", command, name)
        .with("--config", config(1).toString())
        .with(options)
        .run()
        .assertStatus(0);
  }

  private Command fetch(int server) {
    Member member = members.get(server - 1);
    return Command.unsealfs(scratch, "key", "fetch", member.address() + "model")
        .with("--server-pin", member.pin(), "--attester", "sample");
  }

  private String fetched(int server) throws IOException, InterruptedException {
    return fetch(server).run().assertStatus(0).out().stripTrailing();
  }

  @Test
  void twoOfThreeAreKilledAndNothingIsLost() throws IOException, InterruptedException {
    for (int i = 1; i <= SERVERS; i++) {
      assertEquals("first", fetched(i));
    }
    for (int i = 1; i <= 2; i++) {
      Running server = members.get(i - 1).server();
      server.signal("KILL");
      server.await();
    }
    assertEquals("first", fetched(3));
    secret("rotate", "model", "--key", Secrets.reference(scratch, "second"));
    assertEquals("second", fetched(3));
    members.get(0).server().close();
    members.set(0, startServer(1));
    assertEquals("second", fetched(1));
  }

  @Test
  void aDisabledSecretIsRefusedByAllUntilItIsEnabled() throws IOException, InterruptedException {
    secret("disable", "model");
    for (int i = 1; i <= SERVERS; i++) {
      Outcome refused = fetch(i).run().assertStatus(21);
      assertEquals("", refused.out());
    }
    secret("enable", "model");
    for (int i = 1; i <= SERVERS; i++) {
      assertEquals("first", fetched(i));
    }
  }

  @Test
  void clientsWaitForAnEtcdThatComesBack() throws IOException, InterruptedException {
    killEtcd();
    try (Running waiting = fetch(2).start()) {
      members.get(1).server().awaitLine("store " + etcdUrl());
      startEtcd();
      assertEquals(0, waiting.await(), waiting::toString);
    }
    assertEquals("first", fetched(1));
  }

  @Test
  void whatIsListedIsNeverTheSecret() throws IOException, InterruptedException {
    secret("rotate", "model", "--generate", "--not-before", "2099-01-01T00:00:00Z");
    Json shown = Json.parse(secret("show", "model", "--json").out());
    assertEquals(1, shown.get("released_version").number());
    assertEquals(2, shown.get("versions").items().size());
    assertEquals(
        "2099-01-01T00:00:00Z", shown.get("versions").items().get(1).get("not_before").text());
    Outcome listed =
        Command.unsealfs(scratch, "keyserver", "secret", "list", "--config", config(2).toString())
            .run()
            .assertStatus(0);
    assertEquals("model: version 1 of 2, by sample evidence", listed.out().stripTrailing());
    assertFalse((shown + listed.out()).contains("first"));
    secret("destroy", "model", "--all-versions");
    fetch(1).run().assertStatus(21);
    secret("remove", "model");
    fetch(1).run().assertStatus(21);
  }
}
