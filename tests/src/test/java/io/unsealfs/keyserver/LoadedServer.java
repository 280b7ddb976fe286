package io.unsealfs.keyserver;

import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteForge;
import io.unsealfs.verify.dcap.QuoteVerifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A key server that releases one secret for TDX quotes, with hardware of its own making, limits
 * that let a load through, and everything else as an operator has it: policy, audit log, TLS.
 */
final class LoadedServer implements AutoCloseable {
  static final String SECRET = "model";

  private static final int MEASUREMENT_SIZE = 48;

  private final QuoteForge hardware = new QuoteForge(Instant.now());
  private final Path directory;
  private final KeyServer server;

  /**
   * Starts it.
   *
   * @param directory an empty one
   * @param connections how many may be open at once
   */
  LoadedServer(Path directory, int connections, KeyServerMonitor monitor) throws IOException {
    this.directory = directory;
    KeyServerFixture files = new KeyServerFixture(directory);
    Path config =
        files.configFile(
            """
            policy: policy.yaml
            limits:
              per_second: 1000
              burst: 4000
              per_second_per_peer: 1000
              burst_per_peer: 4000
              connections: %d
            """
                .formatted(connections));
    Files.writeString(config, Files.readString(config).replace("    evidence: [sample]\n", ""));
    String firmware =
        HexFormat.of()
            .formatHex(
                Arrays.copyOf("firmware".getBytes(StandardCharsets.US_ASCII), MEASUREMENT_SIZE));
    StringBuilder policy = new StringBuilder("version: 1\nsecrets:\n");
    for (String name : List.of(SECRET, "expired", "bare")) {
      policy
          .append("  - name: ")
          .append(name)
          .append("\n    rules: [{tee: tdx, firmware_only: true, mr_td: [")
          .append(firmware)
          .append("]}]\n");
    }
    Files.writeString(directory.resolve("policy.yaml"), policy);
    Endorsements endorsements = Endorsements.load(hardware.collateral(), hardware.root());
    HeapMemory memory = new HeapMemory();
    server =
        KeyServer.start(
            KeyServerConfig.read(config),
            Clock.systemUTC(),
            System::nanoTime,
            new Appraisers(
                List.of(
                    new QuoteAppraiser(
                        Claims.Tee.TDX,
                        (_, _) -> endorsements,
                        new QuoteVerifier(QuoteVerifier.Minimum.NONE),
                        BaselineRules.STRICT,
                        Clock.systemUTC()))),
            memory,
            source -> {
              throw new IOException("nothing but files is configured");
            },
            monitor);
  }

  int port() {
    return server.port();
  }

  String identityPin() {
    return server.identityPin();
  }

  byte[] quote(ReportData reportData) {
    return hardware.quote(reportData.toBytes());
  }

  Path auditLog() {
    return directory.resolve("audit.jsonl");
  }

  /** Makes quotes of this hardware. */
  Attester attester() {
    return new Attester() {
      @Override
      public String name() {
        return "tdx";
      }

      @Override
      public boolean isAvailable() {
        return true;
      }

      @Override
      public Evidence collect(ReportData reportData) {
        return new Evidence("tdx", quote(reportData), new byte[0]);
      }
    };
  }

  @Override
  public void close() {
    server.close();
  }
}
