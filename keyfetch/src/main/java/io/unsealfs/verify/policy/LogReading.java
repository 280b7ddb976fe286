package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.eventlog.BootFacts;
import io.unsealfs.verify.eventlog.EventLog;
import io.unsealfs.verify.eventlog.EventLogException;
import java.util.List;
import java.util.Optional;

/** The event log that came with evidence, held against its registers. */
public sealed interface LogReading {

  /** There is none. */
  record Absent() implements LogReading {}

  /**
   * It is not in its own form.
   *
   * @param why for people
   */
  record Malformed(String why) implements LogReading {}

  /**
   * It does not lead to the registers, so nothing in it counts.
   *
   * @param registers those that differ
   */
  record Mismatch(List<EventLog.RegisterMismatch> registers) implements LogReading {}

  /**
   * It leads to all registers.
   *
   * @param facts what it proves
   */
  record Replayed(BootFacts facts) implements LogReading {}

  /** What is wrong with it; nothing if it is absent or replays. */
  default List<FailedCheck> failures() {
    return new EventLogCheck(Optional.empty())
        .judge(this).stream()
            .filter(line -> !line.passed())
            .map(line ->
                new FailedCheck(
                    line.name(),
                    FailedCheck.Kind.POLICY,
                    line.field() + " " + line.expected(),
                    line.actual()))
            .toList();
  }

  /**
   * Reads a log and replays it against the registers of TDX claims.
   *
   * @param log empty if there is none
   */
  static LogReading of(byte[] log, Claims claims) {
    if (log.length == 0) {
      return new Absent();
    }
    if (claims.tee() != Claims.Tee.TDX) {
      return new Malformed("an event log beside " + claims.tee().word() + " evidence");
    }
    List<Claims.Field> registers =
        List.of(Claims.Field.RTMR0, Claims.Field.RTMR1, Claims.Field.RTMR2, Claims.Field.RTMR3);
    try {
      EventLog parsed = EventLog.parse(log);
      List<EventLog.RegisterMismatch> mismatches =
          parsed.mismatches(i -> claims.hex(registers.get(i)).orElse("absent"));
      return mismatches.isEmpty() ? new Replayed(BootFacts.of(parsed)) : new Mismatch(mismatches);
    } catch (EventLogException e) {
      return new Malformed(Optional.ofNullable(e.getMessage()).orElse("unreadable"));
    }
  }
}
