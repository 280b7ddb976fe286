package io.unsealfs.verify.policy;

import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.TcbStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How current the platform has to be. UpToDate passes; anything else has to be named, with the
 * advisories that are accepted and, where known holes are open, a date.
 *
 * @param accepted what passes besides UpToDate
 * @param minEvaluationNumber of the collateral
 */
record TcbCheck(List<Accepted> accepted, int minEvaluationNumber) implements Check {

  /**
   * An accepted status.
   *
   * @param advisories those that may be open
   * @param until when it ends
   */
  record Accepted(TcbStatus status, Set<String> advisories, Optional<Instant> until) {
    private boolean covers(Tcb tcb, Instant now) {
      return status == tcb.status()
          && advisories.containsAll(tcb.advisories())
          && (until.isEmpty() || now.isBefore(until.get()));
    }

    private String words() {
      return status.word()
          + (advisories.isEmpty() ? "" : " with " + String.join(" ", advisories))
          + until.map(time -> " until " + time).orElse("");
    }
  }

  @Override
  public List<CheckResult> judge(Subject subject) {
    StringBuilder expected = new StringBuilder("is UpToDate");
    for (Accepted one : accepted) {
      expected.append(", or ").append(one.words());
    }
    Optional<Tcb> found = subject.claims().tcb();
    if (found.isEmpty()) {
      return List.of(
          new CheckResult(
              "TCB_STATUS",
              "tcb_status",
              false,
              expected.toString(),
              "not judged; it takes collateral"));
    }
    Tcb tcb = found.get();
    boolean passed =
        tcb.status() == TcbStatus.UP_TO_DATE
            || (tcb.status() != TcbStatus.REVOKED
                && accepted.stream().anyMatch(one -> one.covers(tcb, subject.now())));
    CheckResult status =
        new CheckResult("TCB_STATUS", "tcb_status", passed, expected.toString(), words(tcb));
    if (minEvaluationNumber == 0) {
      return List.of(status);
    }
    return List.of(
        status,
        new CheckResult(
            "COLLATERAL_ROLLBACK",
            "tcb_evaluation_number",
            tcb.evaluationNumber() >= minEvaluationNumber,
            "is at least " + minEvaluationNumber,
            Integer.toString(tcb.evaluationNumber())));
  }

  private static String words(Tcb tcb) {
    if (tcb.status() == TcbStatus.UP_TO_DATE) {
      return tcb.status().word();
    }
    String advisories =
        tcb.advisories().isEmpty() ? "no advisories" : String.join(" ", tcb.advisories());
    return "%s with %s, TCB of %s".formatted(tcb.status().word(), advisories, tcb.date());
  }
}
