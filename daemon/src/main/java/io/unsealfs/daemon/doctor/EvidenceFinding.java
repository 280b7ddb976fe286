package io.unsealfs.daemon.doctor;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.ReportData;
import io.unsealfs.daemon.log.ErrorText;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The TEE: whether there is one, and whether it makes a quote. */
public final class EvidenceFinding {
  private EvidenceFinding() {}

  /**
   * Asks for one quote.
   *
   * @param chosen whether the command line named this attester
   * @param limit a service that hangs must not hang the doctor
   */
  public static Diagnosis of(Attester attester, boolean chosen, Duration limit)
      throws InterruptedException {
    if (attester.name().equals("none") || attester.name().equals("sample")) {
      return chosen
          ? Diagnosis.warn("evidence", "by --attester " + attester.name(), "")
          : Diagnosis.warn(
              "evidence",
              "no TEE: there is no /sys/kernel/config/tsm/report that this user may write;"
                  + " key services will refuse this host",
              "start the VM as a TDX guest with Linux 6.7 or later, load tdx_guest and mount"
                  + " configfs; local keys need none of it");
    }
    CompletableFuture<Integer> quote =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return attester.collect(ReportData.of(new byte[0])).quote().length;
              } catch (AttestationException e) {
                throw new CompletionException(e);
              }
            },
            work -> Thread.ofPlatform().daemon().name("unsealfs-quote").start(work));
    try {
      int bytes = quote.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      return Diagnosis.ok("evidence", attester.name() + " quote of " + bytes + " bytes");
    } catch (ExecutionException | TimeoutException e) {
      String why =
          e.getCause() == null
              ? "no quote within " + limit.toSeconds() + " s"
              : ErrorText.of(e.getCause());
      return Diagnosis.fail(
          "evidence",
          attester.name() + ": " + why,
          "check the quoting service of the host (qgsd), and that the VM has a way to it");
    }
  }
}
