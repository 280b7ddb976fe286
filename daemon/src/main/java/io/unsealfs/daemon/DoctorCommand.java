package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.daemon.doctor.CipherSpeed;
import io.unsealfs.daemon.doctor.CollateralChecks;
import io.unsealfs.daemon.doctor.Diagnosis;
import io.unsealfs.daemon.doctor.EvidenceFinding;
import io.unsealfs.daemon.doctor.FuseChecks;
import io.unsealfs.daemon.doctor.HostChecks;
import io.unsealfs.daemon.doctor.SwapCheck;
import io.unsealfs.daemon.log.ErrorText;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyReference;
import io.unsealfs.os.CgroupMemory;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs doctor}. */
@Command(
    name = "doctor",
    description =
        "Checks what a mount needs on this host, and whether the keys named could be fetched, and"
            + " says how to mend what is missing. Changes nothing and fetches no key. Exit code 0"
            + " if nothing failed, else the one a mount would end with for the first failure.")
final class DoctorCommand implements Callable<Integer> {
  /** A quote takes a second or two; a service that hangs must not hang the doctor. */
  private static final int QUOTE_SECONDS = 15;

  private final Wiring wiring;
  private final List<Diagnosis> found = new ArrayList<>();
  private ExitCode status = ExitCode.DONE;

  @Parameters(arity = "0..*", paramLabel = "KEY", description = "As for --key.")
  List<String> references = List.of();

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(
      names = "--collateral",
      paramLabel = "FILE|DIR",
      description = "Collateral of a key server on this host: whether it is good, and how long.")
  @Nullable Path collateral;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  DoctorCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    fuse();
    evidence();
    add(HostChecks.clock(Instant.now()), ExitCode.FAULT);
    add(HostChecks.java(), ExitCode.FAULT);
    add(HostChecks.memory(CacheSize.ofThisProcess().bytes(null)), ExitCode.FAULT);
    add(HostChecks.lockableMemory(), ExitCode.FAULT);
    add(SwapCheck.ofThisHost(), ExitCode.FAULT);
    add(CipherSpeed.check(), ExitCode.FAULT);
    add(HostChecks.credentials(System.getenv("CREDENTIALS_DIRECTORY")), ExitCode.USAGE);
    collateral();
    List<String> all = new ArrayList<>(references);
    all.addAll(keys.keys);
    for (int i = 0; i < all.size(); i++) {
      key(i + 1, all.get(i));
    }
    if (json) {
      System.out.println(json());
    }
    return status.status();
  }

  private void collateral() {
    Path named = collateral;
    if (named == null) {
      return;
    }
    try {
      CollateralChecks.of(named, TrustedRoot.intel(), Instant.now(), CollateralChecks.WARN_DAYS)
          .forEach(one -> add(one, ExitCode.KEY_DENIED));
    } catch (IOException e) {
      add(
          Diagnosis.fail("collateral " + named, ErrorText.of(e), "name a file or a directory"),
          ExitCode.KEY_DENIED);
    }
  }

  private void fuse() throws UsageException {
    FuseChecks checks = FuseChecks.ofThisHost();
    add(checks.device(), ExitCode.MOUNT_REFUSED);
    checks.privilege().forEach(one -> add(one, ExitCode.MOUNT_REFUSED));
    TransportFindings transports = new TransportFindings(wiring.fuseHosts());
    add(transports.transport(), ExitCode.MOUNT_REFUSED);
    add(transports.resident(CgroupMemory.leftBytes() / 2), ExitCode.MOUNT_REFUSED);
    add(checks.requestSize(), ExitCode.MOUNT_REFUSED);
    add(checks.readAheadSetting(), ExitCode.MOUNT_REFUSED);
    checks.runningMounts().forEach(one -> add(one, ExitCode.MOUNT_REFUSED));
  }

  private void evidence() throws IOException, InterruptedException {
    add(
        EvidenceFinding.of(
            wiring.printingAttester(keys.attester),
            !keys.attester.equals("auto"),
            Duration.ofSeconds(QUOTE_SECONDS)),
        ExitCode.NO_EVIDENCE);
  }

  private void key(int number, String text) {
    String what = "key " + number;
    try {
      KeyReference reference = KeyReference.parse(text);
      what = "key " + reference.text();
      KeyProbe probe = wiring.keyFetch(keys).probe(reference);
      add(Diagnosis.ok(what, probe.finding()), ExitCode.DONE);
      for (String warning : probe.warnings()) {
        add(Diagnosis.warn(what, warning, ""), ExitCode.DONE);
      }
    } catch (IOException e) {
      ExitCode code = ExitCode.of(e);
      add(
          Diagnosis.fail(
              what,
              ErrorText.of(e),
              code == ExitCode.KEY_UNAVAILABLE
                  ? "check that the server runs, its address, and the network between"
                  : ""),
          code);
    }
  }

  private void add(Diagnosis diagnosis, ExitCode ifFailed) {
    found.add(diagnosis);
    if (diagnosis.level() == Diagnosis.Level.FAIL && status == ExitCode.DONE) {
      status = ifFailed;
    }
    if (!json) {
      System.out.println(diagnosis.line());
    }
  }

  private String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeArrayFieldStart("checks");
      for (Diagnosis diagnosis : found) {
        out.writeStartObject();
        out.writeStringField("level", diagnosis.level().word());
        out.writeStringField("check", diagnosis.what());
        out.writeStringField("finding", diagnosis.finding());
        out.writeStringField("mend", diagnosis.mend());
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeNumberField("exit", status.status());
      out.writeEndObject();
    }
    return text.toString();
  }
}
