package io.unsealfs.verify.policy;

import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.policy.EventLogCheck.LogFacts;
import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The values of a rule, each checked for its form. */
record Values(YamlMapping yaml) {
  private static final int MAX_VALUES = 256;
  private static final int SHA384_BYTES = 48;
  private static final int MAX_LINE_CHARS = 16 << 10;

  /** A listed key has values; an absent one has none. */
  Set<String> texts(String key, String form, String problem) throws YamlException {
    List<String> found = yaml.texts(key);
    if (yaml.has(key) && (found.isEmpty() || found.size() > MAX_VALUES)) {
      throw yaml.bad(key, "must list 1 to " + MAX_VALUES + " values");
    }
    Pattern pattern = Pattern.compile(form, Pattern.DOTALL);
    for (String value : found) {
      if (!pattern.matcher(value).matches()) {
        throw yaml.bad(key, problem);
      }
    }
    Set<String> values = new LinkedHashSet<>(found);
    if (values.size() != found.size()) {
      throw yaml.bad(key, "lists a value twice");
    }
    return values;
  }

  /** A list of {@code bytes} bytes each. */
  Set<String> hex(String key, int bytes) throws YamlException {
    int digits = 2 * bytes;
    return texts(
        key,
        "[0-9a-f]{" + digits + "}",
        "must list values of " + digits + " hexadecimal digits in lower case");
  }

  /** The bits that a list of words names. */
  long bits(String key, Map<String, Long> known) throws YamlException {
    long bits = 0;
    for (String word : texts(key, ".{1,64}", "must list names of bits")) {
      Long bit = known.get(word);
      if (bit == null) {
        throw yaml.bad(
            key,
            "lists an unknown name; known: "
                + String.join(", ", known.keySet().stream().sorted().toList()));
      }
      bits |= bit;
    }
    return bits;
  }

  Optional<Check> timeWindow() throws YamlException {
    Optional<Instant> notBefore = instant(yaml, "not_before");
    Optional<Instant> notAfter = instant(yaml, "not_after");
    if (notBefore.isEmpty() && notAfter.isEmpty()) {
      return Optional.empty();
    }
    if (notBefore.isPresent() && notAfter.isPresent() && notAfter.get().isBefore(notBefore.get())) {
      throw yaml.bad("not_after", "is before not_before");
    }
    return Optional.of(new TimeCheck(notBefore, notAfter));
  }

  private static Optional<Instant> instant(YamlMapping yaml, String key) throws YamlException {
    Optional<String> text = yaml.optionalText(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Instant.parse(text.get()));
    } catch (DateTimeException e) {
      YamlException bad = yaml.bad(key, "must be a time such as 2027-01-31T12:00:00Z (RFC 3339)");
      bad.initCause(e);
      throw bad;
    }
  }

  TcbCheck tcb() throws YamlException {
    List<TcbCheck.Accepted> accepted = new ArrayList<>();
    for (YamlMapping entry : yaml.mappings("accept_tcb")) {
      accepted.add(accepted(entry));
    }
    return new TcbCheck(
        List.copyOf(accepted), yaml.number("min_tcb_evaluation_number", 1, 999_999, 0));
  }

  private static TcbCheck.Accepted accepted(YamlMapping entry) throws YamlException {
    Optional<TcbStatus> status = TcbStatus.ofWord(entry.text("status"));
    if (status.isEmpty()) {
      throw entry.bad("status", "is no TCB status");
    }
    if (status.get() == TcbStatus.REVOKED) {
      throw entry.bad("status", "Revoked is never accepted");
    }
    if (status.get() == TcbStatus.UP_TO_DATE) {
      throw entry.bad("status", "UpToDate is always accepted; leave it out");
    }
    Set<String> advisories =
        new Values(entry).texts("advisories", "[A-Z0-9-]{1,64}", "must list ids of advisories");
    Optional<Instant> until = instant(entry, "until");
    boolean holesAreOpen =
        status.get() == TcbStatus.OUT_OF_DATE
            || status.get() == TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
    if (holesAreOpen && until.isEmpty()) {
      throw entry.bad("status", status.get().word() + " needs until: known holes are open");
    }
    entry.finish();
    return new TcbCheck.Accepted(status.get(), advisories, until);
  }

  Map<String, Integer> minTcb() throws YamlException {
    Map<String, Integer> floors = new LinkedHashMap<>();
    Optional<YamlMapping> found = yaml.mapping("min_tcb");
    if (found.isPresent()) {
      YamlMapping tcb = found.get();
      for (String part : SnpGuest.TCB_PARTS) {
        if (tcb.has(part)) {
          floors.put(part, tcb.number(part, 0, 255, 0));
        }
      }
      tcb.finish();
    }
    return floors;
  }

  Optional<LogFacts> eventLog() throws YamlException {
    Optional<YamlMapping> found = yaml.mapping("event_log");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    YamlMapping log = found.get();
    Values values = new Values(log);
    LogFacts facts =
        new LogFacts(
            values.hex("kernel", SHA384_BYTES),
            values.hex("initrd", SHA384_BYTES),
            values.hex("boot_applications", SHA384_BYTES),
            values.hex("other", SHA384_BYTES),
            commandLines(values),
            values.hex("boot_commands", SHA384_BYTES),
            log.has("secure_boot") ? Optional.of(log.flag("secure_boot")) : Optional.empty(),
            values.texts(
                "agent_events",
                "[^ \\p{Cntrl}]+ [^ \\p{Cntrl}]+ [^\\p{Cntrl}]*",
                "must list events as \"domain operation content\""));
    if (facts.kernel().isEmpty()) {
      for (String key :
          List.of("initrd", "boot_applications", "other", "kernel_command_line", "boot_commands")) {
        if (log.has(key)) {
          throw log.bad(key, "needs kernel beside it: else any kernel may claim it");
        }
      }
    }
    log.finish();
    return Optional.of(facts);
  }

  private static Set<String> commandLines(Values values) throws YamlException {
    Set<String> lines =
        values.texts(
            "kernel_command_line",
            "[^\\p{Cntrl}]{1," + MAX_LINE_CHARS + "}",
            "must list command lines, or sha384: and their digest");
    for (String line : lines) {
      if (line.startsWith(PolicyReader.DIGEST_PREFIX)
          && !line.matches(PolicyReader.DIGEST_PREFIX + "[0-9a-f]{96}")) {
        throw values
            .yaml()
            .bad(
                "kernel_command_line",
                "must have 96 hexadecimal digits in lower case after sha384:");
      }
    }
    return lines;
  }
}
