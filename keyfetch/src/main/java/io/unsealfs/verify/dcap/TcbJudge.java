package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.VerificationException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the level of platform, module and quoting enclave, and makes one judgement of the three.
 */
final class TcbJudge {
  private static final int[] NONE = new int[0];

  private final TcbInfo tcbInfo;
  private final QeIdentity qeIdentity;
  private final PckCertificate pck;

  TcbJudge(TcbInfo tcbInfo, QeIdentity qeIdentity, PckCertificate pck) {
    this.tcbInfo = tcbInfo;
    this.qeIdentity = qeIdentity;
    this.pck = pck;
  }

  /**
   * One round of judging.
   *
   * @param status of all parts together
   * @param cause which part is to blame, for people; empty if none
   */
  record Round(TcbStatus status, String cause, Set<String> advisories, Instant date) {}

  /** Judges an SGX platform. */
  Round sgx(SgxReport qeReport) throws VerificationException {
    Judgement platform = platform(NONE, 0);
    return merged(platform, NONE, qe(qeReport), qeReport, Optional.empty());
  }

  /**
   * Judges a TDX platform.
   *
   * @param teeTcbSvn security versions at start, or now
   */
  Round tdx(TdReport td, byte[] teeTcbSvn, SgxReport qeReport) throws VerificationException {
    int[] svn = new int[teeTcbSvn.length];
    for (int i = 0; i < svn.length; i++) {
      svn[i] = teeTcbSvn[i] & 0xFF;
    }
    int line = svn[1];
    ModuleIdentity identity = tcbInfo.module(line);
    identity.check(td);
    // the first two bytes are the module's, and a line above 0 has levels of its own for it
    Judgement platform = platform(svn, line > 0 ? 2 : 0);
    Judgement qe = qe(qeReport);
    if (line == 0) {
      return merged(platform, svn, qe, qeReport, Optional.empty());
    }
    Judgement module =
        identity
            .levels()
            .match(svn[0])
            .orElseThrow(() ->
                Failure.TCB_NOT_SUPPORTED.exception(
                    "a known version of module " + identity.id(), "version " + svn[0]));
    return merged(
        platform,
        svn,
        qe,
        qeReport,
        Optional.of(
            new Module(
                module,
                "module %s version %d, wanted %s"
                    .formatted(identity.id(), svn[0], identity.levels().wanted()))));
  }

  private record Module(Judgement judgement, String description) {}

  private Judgement platform(int[] svn, int firstTdx) throws VerificationException {
    for (PlatformLevel level : tcbInfo.levels()) {
      if (reaches(level, svn, firstTdx)) {
        return level.judgement();
      }
    }
    throw Failure.TCB_NOT_SUPPORTED.exception(
        "a platform that reaches one of the known levels",
        "sgx %s, pcesvn %d, tdx %s"
            .formatted(Arrays.toString(pck.components()), pck.pcesvn(), Arrays.toString(svn)));
  }

  private boolean reaches(PlatformLevel level, int[] svn, int firstTdx) {
    for (int i = 0; i < PckCertificate.COMPONENTS; i++) {
      if (pck.components()[i] < level.sgx()[i]) {
        return false;
      }
    }
    for (int i = firstTdx; i < svn.length; i++) {
      if (svn[i] < level.tdx()[i]) {
        return false;
      }
    }
    return pck.pcesvn() >= level.pcesvn();
  }

  private Judgement qe(SgxReport qeReport) throws VerificationException {
    return qeIdentity
        .levels()
        .match(qeReport.isvsvn())
        .orElseThrow(() ->
            Failure.TCB_NOT_SUPPORTED.exception(
                "a known version of the quoting enclave", "version " + qeReport.isvsvn()));
  }

  private Round merged(
      Judgement platform, int[] svn, Judgement qe, SgxReport qeReport, Optional<Module> module) {
    TcbStatus status = merged(platform.status(), qe.status());
    Set<String> advisories = new LinkedHashSet<>(platform.advisories());
    advisories.addAll(qe.advisories());
    Instant date = earlier(platform.date(), qe.date());
    List<String> causes = new ArrayList<>();
    if (platform.status() != TcbStatus.UP_TO_DATE) {
      causes.add("platform " + platform.status().word() + tooLow(svn));
    }
    if (qe.status() != TcbStatus.UP_TO_DATE) {
      causes.add(
          "quoting enclave %s (version %d, wanted %s)"
              .formatted(qe.status().word(), qeReport.isvsvn(), qeIdentity.levels().wanted()));
    }
    if (module.isPresent()) {
      Judgement judgement = module.get().judgement();
      status = merged(status, judgement.status());
      advisories.addAll(judgement.advisories());
      date = earlier(date, judgement.date());
      if (judgement.status() != TcbStatus.UP_TO_DATE) {
        causes.add(judgement.status().word() + " " + module.get().description());
      }
    }
    return new Round(status, String.join("; ", causes), advisories, date);
  }

  /** What the platform lacks for the highest level. */
  private String tooLow(int[] svn) {
    PlatformLevel best = tcbInfo.levels().get(0);
    List<String> low = new ArrayList<>();
    for (int i = 0; i < PckCertificate.COMPONENTS; i++) {
      if (pck.components()[i] < best.sgx()[i]) {
        low.add("sgx component %d is %d < %d".formatted(i, pck.components()[i], best.sgx()[i]));
      }
    }
    if (pck.pcesvn() < best.pcesvn()) {
      low.add("pcesvn is %d < %d".formatted(pck.pcesvn(), best.pcesvn()));
    }
    for (int i = svn.length > 1 && svn[1] > 0 ? 2 : 0; i < svn.length; i++) {
      if (svn[i] < best.tdx()[i]) {
        low.add("tdx component %d is %d < %d".formatted(i, svn[i], best.tdx()[i]));
      }
    }
    return low.isEmpty() ? "" : " (" + String.join(", ", low) + ")";
  }

  /** Lets a part pull the whole down. */
  private static TcbStatus merged(TcbStatus whole, TcbStatus part) {
    if (whole == TcbStatus.REVOKED || part == TcbStatus.REVOKED) {
      return TcbStatus.REVOKED;
    }
    if (part != TcbStatus.OUT_OF_DATE) {
      return whole;
    }
    return switch (whole) {
      case UP_TO_DATE, SW_HARDENING_NEEDED -> TcbStatus.OUT_OF_DATE;
      case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
          TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
      default -> whole;
    };
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
