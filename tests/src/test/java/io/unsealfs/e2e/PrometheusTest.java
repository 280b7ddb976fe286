package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The dashboard and the alert rules against a real Prometheus that scrapes two busy mounts, one of
 * a bucket, and the key server which lent them their key: every expression has to find what it asks
 * for.
 */
class PrometheusTest {
  private static final Pattern SERVING =
      Pattern.compile("serving on port ([0-9]+); identity (sha256:[0-9a-f]{64})");
  private static final Pattern URL = Pattern.compile("metrics: http://(127\\.0\\.0\\.1:[0-9]+)/");
  private static final Pattern SELECTOR =
      Pattern.compile("\\b(?:up|unsealfs_[a-z_]+)(?:\\{[^}]*\\})?");
  private static final Pattern ALERT = Pattern.compile("- alert: (\\w+)\n");
  private static final long PATIENCE_SECONDS = 90;

  /** Reads past the kernel's cache, large and small, until it is killed. */
  private static final String READING =
      """
      while :; do
        dd if="$0/file" of=/dev/null bs=256k iflag=direct
        dd if="$0/file" of=/dev/null bs=4k count=64 iflag=direct
        dd if="$0/file" of=/dev/null bs=4k count=64 iflag=direct
      done 2>/dev/null
      """;

  @TempDir Path scratch;

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void everyPanelAndRuleFindsItsFigures() throws IOException, InterruptedException {
    Needs.fuse();
    Needs.programs("prometheus", "promtool", "dd");
    SmallVolume volume = SmallVolume.make(scratch, 4 << 20);
    Path config = keyServerConfig();
    int healthPort = freePort();
    Files.writeString(
        config, "health: \"127.0.0.1:" + healthPort + "\"\n", StandardOpenOption.APPEND);
    try (Running keyServer =
        Command.unsealfs(scratch, "keyserver", "--config", config.toString()).start()) {
      Matcher serving = SERVING.matcher(keyServer.awaitLine("serving on port"));
      assertTrue(serving.find(), keyServer::toString);
      String reference = "grpc://127.0.0.1:" + serving.group(1) + "/model";
      String[] key = {"--key", reference, "--server-pin", serving.group(2)};
      // one that is denied, and counted
      Command.unsealfs(scratch, "key", "fetch", reference)
          .with("--server-pin", serving.group(2), "--attester", "none")
          .run()
          .assertStatus(21);
      List<String> options = new ArrayList<>(List.of(key));
      options.addAll(List.of("--metrics=0", "--attester", "sample"));
      List<String> ofBucket = new ArrayList<>(options);
      try (StoreServer store = store(volume);
          Mounted mounted = Mounted.mount(scratch, volume.path(), options.toArray(String[]::new))) {
        ofBucket.addAll(List.of("--endpoint", store.endpoint(), "--path-style"));
        ofBucket.addAll(List.of("--credentials", temporaryCredentials()));
        try (Mounted bucket =
            Mounted.mount(scratch, "s3://models/v", ofBucket.toArray(String[]::new))) {
          String addresses = address(mounted) + "\", \"" + address(bucket);
          scrapeAndAsk(List.of(mounted, bucket), addresses, "127.0.0.1:" + healthPort);
        }
      }
    }
  }

  @Test
  void everyAlertFiresOnWhatItIsMeantForAndOnNothingElse()
      throws IOException, InterruptedException {
    Needs.programs("promtool");
    Path folder = Needs.checkout().resolve("container/prometheus");
    Path tests = folder.resolve("unsealfs.rules.test.yml");
    new Command(scratch, "promtool", "test", "rules", tests.toString()).run().assertStatus(0);
    String tested = Files.readString(tests, UTF_8);
    Matcher alert = ALERT.matcher(Files.readString(folder.resolve("unsealfs.rules.yml"), UTF_8));
    int alerts = 0;
    while (alert.find()) {
      alerts++;
      assertTrue(tested.contains("- alertname: " + alert.group(1) + "\n"), alert.group(1));
    }
    assertTrue(alerts > 12, "alerts: " + alerts);
  }

  private static StoreServer store(SmallVolume volume) throws IOException {
    StoreServer server = new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, "models"));
    try (Stream<Path> files = Files.walk(volume.path())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        server.bucket().put("v/" + volume.path().relativize(file), Files.readAllBytes(file));
      }
    }
    return server;
  }

  private String temporaryCredentials() throws IOException {
    return "file:"
        + Secrets.file(
            scratch,
            "{\"access_key_id\": \"ak\", \"access_key_secret\": \"sk\", \"security_token\": \"t\","
                + " \"expiration\": \"2100-01-01T00:00:00Z\"}");
  }

  private static String address(Mounted mounted) {
    Matcher url = URL.matcher(mounted.outcome().err());
    assertTrue(url.find(), () -> mounted.outcome().toString());
    return url.group(1);
  }

  private Path keyServerConfig() throws IOException, InterruptedException {
    Path directory = scratch.resolve("server");
    Command.unsealfs(scratch, "keyserver", "init", directory.toString())
        .with("--listen", "127.0.0.1:0", "--allow-sample")
        .run()
        .assertStatus(0);
    Path config = directory.resolve("keyserver.yaml");
    Command.unsealfs(scratch, "keyserver", "secret", "add", "model")
        .with("--config", config.toString(), "--allow", "sample")
        .with("--key", Secrets.reference(scratch, SmallVolume.SECRET))
        .with("--lease-expires-after", "1h", "--lease-renew-every", "1s")
        .run()
        .assertStatus(0);
    return config;
  }

  private static Process readingOf(Mounted mounted) throws IOException {
    return new ProcessBuilder("bash", "-c", READING, mounted.path().toString())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private void scrapeAndAsk(List<Mounted> mounts, String mountAddresses, String serverAddress)
      throws IOException, InterruptedException {
    Path rules = Needs.checkout().resolve("container/prometheus/unsealfs.rules.yml");
    new Command(scratch, "promtool", "check", "rules", rules.toString()).run().assertStatus(0);
    Path config =
        Files.writeString(
            scratch.resolve("prometheus.yml"),
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["%s"]
            scrape_configs:
              - job_name: unsealfs
                static_configs: [{targets: ["%s"]}]
              - job_name: unsealfs-keyserver
                static_configs: [{targets: ["%s"]}]
            """
                .formatted(rules, mountAddresses, serverAddress));
    int port = freePort();
    List<Process> readers = new ArrayList<>();
    for (Mounted mounted : mounts) {
      readers.add(readingOf(mounted));
    }
    try (Running prometheus =
        new Command(scratch, "prometheus")
            .with("--config.file=" + config)
            .with("--storage.tsdb.path=" + scratch.resolve("tsdb"))
            .with("--web.listen-address=127.0.0.1:" + port)
            .start()) {
      prometheus.awaitLine("Server is ready to receive web requests");
      String base = "http://127.0.0.1:" + port;
      Set<String> missing = new LinkedHashSet<>(panels());
      List<String> rulesAsked = ruleExpressions(base);
      for (String expression : rulesAsked) {
        Matcher selector = SELECTOR.matcher(expression);
        while (selector.find()) {
          missing.add(selector.group());
        }
      }
      assertTrue(missing.size() > 40, "expressions: " + missing);
      awaitData(base, missing);
      for (String expression : rulesAsked) {
        ask(base, expression); // valid, whether it fires or not
      }
      assertEquals(Set.of("ok"), ruleHealth(base));
    } finally {
      for (Process reader : readers) {
        Command.kill(reader);
      }
    }
  }

  private static void awaitData(String base, Set<String> missing)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      List<String> found = new ArrayList<>();
      for (String expression : missing) {
        if (!ask(base, expression).isEmpty()) {
          found.add(expression);
        }
      }
      missing.removeAll(found);
      if (missing.isEmpty()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no data for " + String.join("\n", missing));
      }
      TimeUnit.MILLISECONDS.sleep(500); // between two scrapes
    }
  }

  /** The expressions of the dashboard, as Grafana would send them. */
  private static List<String> panels() throws IOException {
    Json dashboard =
        Json.parse(
            Files.readString(Needs.checkout().resolve("container/grafana/unsealfs.json"), UTF_8));
    List<String> expressions = new ArrayList<>();
    for (Json panel : dashboard.get("panels").items()) {
      if (panel.get("type").text().equals("row")) {
        continue;
      }
      assertTrue(!panel.get("targets").items().isEmpty(), panel::toString);
      for (Json target : panel.get("targets").items()) {
        String expression =
            target
                .get("expr")
                .text()
                .replace("$__rate_interval", "10s")
                .replaceAll("\\$(mount|keyserver)", ".*");
        assertTrue(!expression.contains("$"), expression);
        expressions.add(expression);
      }
    }
    return expressions;
  }

  private static Json data(String url) throws IOException, InterruptedException {
    Json answer = Json.parse(Http.get(url).body());
    assertEquals("success", answer.get("status").text(), () -> url + ": " + answer);
    return answer.get("data");
  }

  private static List<Json> ask(String base, String expression)
      throws IOException, InterruptedException {
    return data(base + "/api/v1/query?query=" + URLEncoder.encode(expression, UTF_8))
        .get("result")
        .items();
  }

  private static List<Json> rules(String base) throws IOException, InterruptedException {
    List<Json> rules = new ArrayList<>();
    for (Json group : data(base + "/api/v1/rules").get("groups").items()) {
      rules.addAll(group.get("rules").items());
    }
    return rules;
  }

  private static List<String> ruleExpressions(String base)
      throws IOException, InterruptedException {
    return rules(base).stream().map(rule -> rule.get("query").text()).toList();
  }

  private static Set<String> ruleHealth(String base) throws IOException, InterruptedException {
    Set<String> health = new LinkedHashSet<>();
    for (Json rule : rules(base)) {
      health.add(rule.get("health").text());
    }
    return health;
  }
}
