package io.unsealfs.keyserver;

import com.google.protobuf.ByteString;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteForge;
import io.unsealfs.verify.dcap.QuoteVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Measures a key server: appraisal on one core, whole fetches, releases per second, and what a
 * hostile crowd does to them. {@code tests/bench/keyserver} runs it.
 */
public final class KeyServerLoad {
  private static final int CONNECTIONS = 256;
  private static final int WARM_UP = 2000;
  private static final int APPRAISALS = 3000;
  private static final int FETCHES = 300;
  private static final int RELEASES = 3000;
  private static final int ROUNDS = 3;
  private static final int CALLERS = 8;

  private KeyServerLoad() {}

  /** Arguments: how many hostile connections, 0 for none (the default). */
  public static void main(String[] arguments) throws Exception {
    int hostile = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
    Path directory = Files.createTempDirectory("unsealfs-load-");
    System.out.println("cores: " + Runtime.getRuntime().availableProcessors());
    if (hostile > 0) {
      System.out.println(hostile + " hostile connections: " + HostileRun.of(directory, hostile));
      return;
    }
    appraisal();
    try (LoadedServer server = new LoadedServer(directory, CONNECTIONS, KeyServerMonitor.NONE)) {
      fetches(server);
      for (int i = 0; i < ROUNDS; i++) {
        releases(server);
      }
    }
  }

  private static void appraisal() throws IOException {
    QuoteForge hardware = new QuoteForge(Instant.now());
    Endorsements endorsements = Endorsements.load(hardware.collateral(), hardware.root());
    QuoteAppraiser appraiser =
        new QuoteAppraiser(
            Claims.Tee.TDX,
            (_, _) -> endorsements,
            new QuoteVerifier(QuoteVerifier.Minimum.NONE),
            BaselineRules.STRICT,
            Clock.systemUTC());
    ReportData reportData = ReportData.of(new byte[64]);
    Evidence evidence = new Evidence("tdx", hardware.quote(reportData.toBytes()), new byte[0]);
    long[] nanos = new long[APPRAISALS];
    for (int i = -WARM_UP; i < APPRAISALS; i++) {
      long begin = System.nanoTime();
      if (!appraiser.appraise(evidence, reportData).accepted()) {
        throw new IOException("the quote was not accepted");
      }
      if (i >= 0) {
        nanos[i] = System.nanoTime() - begin;
      }
    }
    print("appraisal, collateral warm, one thread", nanos);
  }

  private static void fetches(LoadedServer server) throws IOException {
    GrpcKeyProvider provider = new GrpcKeyProvider(new HeapMemory(), GrpcTimeouts.DEFAULT);
    KeyReference reference =
        KeyReference.parse("grpc://127.0.0.1:" + server.port() + "/" + LoadedServer.SECRET);
    ServerTrust trust = new ServerTrust(Optional.empty(), List.of(server.identityPin()), false);
    long[] nanos = new long[FETCHES];
    for (int i = -FETCHES; i < FETCHES; i++) {
      long begin = System.nanoTime();
      provider.fetch(reference, server.attester(), trust).close();
      if (i >= 0) {
        nanos[i] = System.nanoTime() - begin;
      }
    }
    print("fetch on loopback, new connection, quote made by the client", nanos);
  }

  /** Challenges and quotes first, so that only the server's part is timed. */
  private static void releases(LoadedServer server) throws Exception {
    try (StubClient client = new StubClient(server.port());
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      List<SecretRequest> requests = new ArrayList<>();
      for (int i = 0; i < RELEASES; i++) {
        StubClient.Conversation conversation = client.begin(LoadedServer.SECRET);
        SecretRequest.Builder request = conversation.request().toBuilder();
        request
            .getEvidenceBuilder()
            .setType("tdx")
            .setQuote(ByteString.copyFrom(server.quote(conversation.transcript().reportData())));
        requests.add(request.build());
      }
      List<StubClient> clients = new ArrayList<>();
      List<Future<Void>> waiting = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        clients.add(new StubClient(server.port()));
        clients.get(i).challenge();
      }
      long begin = System.nanoTime();
      for (int i = 0; i < CALLERS; i++) {
        waiting.add(callers.submit(share(clients.get(i), requests, i)));
      }
      for (Future<Void> one : waiting) {
        one.get();
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      System.out.println(
          "releases with a quote each, %d callers: %.0f per second"
              .formatted(CALLERS, RELEASES / seconds));
      clients.forEach(StubClient::close);
    }
  }

  private static Callable<Void> share(StubClient client, List<SecretRequest> requests, int first) {
    return () -> {
      for (int i = first; i < requests.size(); i += CALLERS) {
        client.ask(requests.get(i));
      }
      return null;
    };
  }

  private static void print(String what, long[] nanos) {
    Arrays.sort(nanos);
    System.out.println(
        "%s: median %.2f ms, 99 %% under %.2f ms"
            .formatted(
                what,
                nanos[nanos.length / 2] / (double) TimeUnit.MILLISECONDS.toNanos(1),
                nanos[nanos.length * 99 / 100] / (double) TimeUnit.MILLISECONDS.toNanos(1)));
  }
}
