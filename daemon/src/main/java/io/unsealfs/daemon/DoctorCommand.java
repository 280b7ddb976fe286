package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.ReportData;
import io.unsealfs.daemon.doctor.CipherSpeed;
import io.unsealfs.daemon.doctor.CollateralChecks;
import io.unsealfs.daemon.doctor.Diagnosis;
import io.unsealfs.daemon.doctor.FuseChecks;
import io.unsealfs.daemon.doctor.HostChecks;
import io.unsealfs.daemon.log.ErrorText;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyReference;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.os.CgroupMemory;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    add(transport(), ExitCode.MOUNT_REFUSED);
    add(resident(), ExitCode.MOUNT_REFUSED);
    add(checks.requestSize(), ExitCode.MOUNT_REFUSED);
    add(checks.readAheadSetting(), ExitCode.MOUNT_REFUSED);
    checks.runningMounts().forEach(one -> add(one, ExitCode.MOUNT_REFUSED));
  }

  /** What {@code transport=auto} would begin with, and what speaks against the others. */
  private Diagnosis transport() {
    AutoFuseHost auto = new AutoFuseHost(wiring.fuseHosts());
    Optional<FuseHost> choice = auto.choice();
    if (choice.isEmpty()) {
      return Diagnosis.fail(
          "transport", "none can be used: " + auto.unusable().orElse(""), "mend one of them");
    }
    StringBuilder finding = new StringBuilder("auto takes ").append(choice.get().name());
    boolean passedOver = false;
    boolean chosen = false;
    for (FuseHost host : wiring.fuseHosts()) {
      Optional<String> why = host.unusable();
      boolean takes = host.name().equals(choice.get().name());
      chosen |= takes;
      passedOver |= why.isPresent() && !chosen;
      finding.append(takes ? "" : "; " + host.name() + ": " + why.orElse("usable"));
    }
    return passedOver
        ? Diagnosis.warn("transport", finding.toString(), "the first one is the fastest")
        : Diagnosis.ok("transport", finding.toString());
  }

  /** Whether {@code resident=} would do anything here, and how much {@code auto} would take. */
  private Diagnosis resident() {
    Optional<FuseHost> host = new AutoFuseHost(wiring.fuseHosts()).choice();
    Optional<String> off =
        host.isEmpty() ? Optional.of("no transport") : host.get().residentUnusable();
    return off.isPresent()
        ? Diagnosis.warn(
            "resident mode",
            "off: " + off.get(),
            "mount without resident=: every file is read the ordinary way")
        : Diagnosis.ok(
            "resident mode",
            "possible, on where a mount asks for it; resident=auto takes files of up to "
                + ((CgroupMemory.leftBytes() / 2) >> 20)
                + " MiB in all, half of what is free");
  }

  /** The TEE: whether there is one, and whether it makes a quote. */
  private void evidence() throws IOException, InterruptedException {
    Attester attester = wiring.printingAttester(keys.attester);
    if (attester.name().equals("none") || attester.name().equals("sample")) {
      boolean wanted = !keys.attester.equals("auto");
      add(
          wanted
              ? Diagnosis.warn("evidence", "by --attester " + attester.name(), "")
              : Diagnosis.warn(
                  "evidence",
                  "no TEE: there is no /sys/kernel/config/tsm/report that this user may write;"
                      + " key services will refuse this host",
                  "start the VM as a TDX guest with Linux 6.7 or later, load tdx_guest and mount"
                      + " configfs; local keys need none of it"),
          ExitCode.NO_EVIDENCE);
      return;
    }
    CompletableFuture<Integer> quote =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return attester.collect(ReportData.of(new byte[0])).quote().length;
              } catch (AttestationException e) {
                throw new java.util.concurrent.CompletionException(e);
              }
            },
            work -> Thread.ofPlatform().daemon().name("unsealfs-quote").start(work));
    try {
      int bytes = quote.get(QUOTE_SECONDS, TimeUnit.SECONDS);
      add(
          Diagnosis.ok("evidence", attester.name() + " quote of " + bytes + " bytes"),
          ExitCode.NO_EVIDENCE);
    } catch (ExecutionException | TimeoutException e) {
      String why =
          e.getCause() == null
              ? "no quote within " + QUOTE_SECONDS + " s"
              : ErrorText.of(e.getCause());
      add(
          Diagnosis.fail(
              "evidence",
              attester.name() + ": " + why,
              "check the quoting service of the host (qgsd), and that the VM has a way to it"),
          ExitCode.NO_EVIDENCE);
    }
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
