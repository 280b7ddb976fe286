package io.unsealfs.verify.policy;

import io.unsealfs.verify.eventlog.BootFacts;
import io.unsealfs.verify.eventlog.EventLog;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the event log has to prove. A log that came with the evidence has to replay in any case.
 *
 * @param wanted what it has to prove; empty if the rule does not speak of it
 */
record EventLogCheck(Optional<LogFacts> wanted) implements Check {
  private static final String NAME = "EVENT_LOG";

  /**
   * Accepted values; what is empty is not looked at, except that once {@code kernel} is given every
   * digest and command line of RTMR1 and RTMR2 has to be accepted by one of these.
   *
   * @param kernel digests, one of which has to be there
   * @param initrd digests, one of which has to be there
   * @param bootApplications digests that may be there
   * @param other digests that may be there
   * @param commandLines texts or {@code sha384:} digests, one of which has to be there
   * @param bootCommands digests of the boot loader's commands
   * @param secureBoot the state it has to have
   * @param agentEvents {@code domain operation content}; each has to be there, and no other content
   *     of the same domain and operation
   */
  record LogFacts(
      Set<String> kernel,
      Set<String> initrd,
      Set<String> bootApplications,
      Set<String> other,
      Set<String> commandLines,
      Set<String> bootCommands,
      Optional<Boolean> secureBoot,
      Set<String> agentEvents) {}

  @Override
  public List<CheckResult> judge(Subject subject) {
    return judge(subject.log());
  }

  List<CheckResult> judge(LogReading log) {
    List<CheckResult> results = new ArrayList<>();
    Optional<BootFacts> facts = Optional.empty();
    switch (log) {
      case LogReading.Absent() -> {
        if (wanted.isPresent()) {
          results.add(new CheckResult(NAME, "event_log", false, "is there", "absent"));
        }
      }
      case LogReading.Malformed(String why) ->
          results.add(new CheckResult(NAME, "event_log", false, "can be read", why));
      case LogReading.Mismatch(List<EventLog.RegisterMismatch> registers) -> {
        for (EventLog.RegisterMismatch one : registers) {
          results.add(
              new CheckResult(
                  NAME,
                  "event_log." + one.register(),
                  false,
                  "leads to " + one.quote(),
                  "leads to " + one.log()));
        }
      }
      case LogReading.Replayed(BootFacts replayed) -> {
        results.add(new CheckResult(NAME, "event_log", true, "leads to RTMR0 to RTMR3", "it does"));
        facts = Optional.of(replayed);
      }
    }
    if (wanted.isPresent() && facts.isPresent()) {
      judge(wanted.get(), facts.get(), results);
    }
    return results;
  }

  private static void judge(LogFacts wanted, BootFacts facts, List<CheckResult> results) {
    if (!wanted.kernel().isEmpty()) {
      judgeBoot(wanted, facts, results);
    }
    if (!wanted.bootCommands().isEmpty()) {
      String actual = facts.bootCommandsDigest().orElse("none");
      results.add(
          result(
              "boot_commands",
              wanted.bootCommands().contains(actual),
              Check.oneOf(wanted.bootCommands()),
              actual));
    }
    if (wanted.secureBoot().isPresent()) {
      results.add(
          result(
              "secure_boot",
              facts.secureBoot().equals(wanted.secureBoot()),
              "is " + wanted.secureBoot().get(),
              facts.secureBoot().map(on -> Boolean.toString(on)).orElse("not told")));
    }
    if (!wanted.agentEvents().isEmpty()) {
      judgeAgent(wanted.agentEvents(), facts, results);
    }
  }

  private static void judgeBoot(LogFacts wanted, BootFacts facts, List<CheckResult> results) {
    List<String> found = facts.unexplained().stream().map(BootFacts.Measured::digest).toList();
    results.add(oneIsThere("kernel", wanted.kernel(), found));
    if (!wanted.initrd().isEmpty()) {
      results.add(oneIsThere("initrd", wanted.initrd(), found));
    }
    Set<String> lineDigests = new HashSet<>();
    for (String line : wanted.commandLines()) {
      if (line.startsWith(PolicyReader.DIGEST_PREFIX)) {
        lineDigests.add(line.substring(PolicyReader.DIGEST_PREFIX.length()));
      } else {
        lineDigests.addAll(BootFacts.commandLineDigests(line));
      }
    }
    List<String> lines = facts.kernelCommandLines();
    boolean linesPass =
        lines.stream()
            .allMatch(line ->
                wanted.commandLines().contains(line)
                    || BootFacts.commandLineDigests(line).stream().anyMatch(lineDigests::contains));
    boolean lineIsThere = !lines.isEmpty() || found.stream().anyMatch(lineDigests::contains);
    String said = lines.isEmpty() ? "none" : String.join(" | ", lines);
    if (wanted.commandLines().isEmpty()) {
      results.add(result("kernel_command_line", lines.isEmpty(), "is none", said));
    } else {
      results.add(
          result(
              "kernel_command_line",
              linesPass && lineIsThere,
              Check.oneOf(wanted.commandLines()),
              lines.isEmpty() && lineIsThere ? "as a digest" : said));
    }
    Set<String> accepted = new HashSet<>(lineDigests);
    accepted.addAll(wanted.kernel());
    accepted.addAll(wanted.initrd());
    accepted.addAll(wanted.bootApplications());
    accepted.addAll(wanted.other());
    List<String> unaccepted =
        facts.unexplained().stream()
            .filter(one -> !accepted.contains(one.digest()))
            .map(one -> "rtmr%d %s (\"%s\")".formatted(one.rtmr(), one.digest(), one.label()))
            .toList();
    results.add(
        result(
            "rtmr1 and rtmr2",
            unaccepted.isEmpty(),
            "holds no digest that the rule does not list",
            unaccepted.isEmpty() ? "all are listed" : String.join(", ", unaccepted)));
  }

  private static void judgeAgent(Set<String> wanted, BootFacts facts, List<CheckResult> results) {
    List<String> found =
        facts.agentEvents().stream()
            .map(event -> event.domain() + " " + event.operation() + " " + event.content())
            .toList();
    Set<String> subjects = new HashSet<>();
    for (String event : wanted) {
      subjects.add(domainAndOperation(event));
      results.add(
          result(
              "agent_events",
              found.contains(event),
              "has " + event,
              found.contains(event) ? event : "absent"));
    }
    List<String> others =
        found.stream()
            .filter(event -> subjects.contains(domainAndOperation(event)))
            .filter(event -> !wanted.contains(event))
            .toList();
    results.add(
        result(
            "agent_events",
            others.isEmpty() && facts.unexplainedInRtmr3().isEmpty(),
            "has no other content of these operations, and rtmr3 nothing unexplained",
            others.isEmpty() && facts.unexplainedInRtmr3().isEmpty()
                ? "none"
                : String.join(", ", others) + " " + String.join(", ", facts.unexplainedInRtmr3())));
  }

  private static String domainAndOperation(String event) {
    int end = event.indexOf(' ', event.indexOf(' ') + 1);
    return event.substring(0, end);
  }

  private static CheckResult oneIsThere(String field, Set<String> wanted, List<String> found) {
    Optional<String> there = found.stream().filter(wanted::contains).findFirst();
    return result(field, there.isPresent(), Check.oneOf(wanted), there.orElse("absent"));
  }

  private static CheckResult result(String field, boolean passed, String expected, String actual) {
    return new CheckResult(NAME, "event_log." + field, passed, expected, actual);
  }
}
