package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.Claims.Tee;
import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Turns the YAML of one secret into rules, and refuses rules that pass more than they admit. */
final class PolicyReader {
  static final String DIGEST_PREFIX = "sha384:";

  private static final int MAX_RULES = 64;
  private static final int MAX_NAME_CHARS = 255;
  private static final int MAX_RELEASES = 999_999_999;

  /** Fields of TDX that a rule may list values of. */
  private static final List<Field> TDX_FIELDS =
      List.of(
          Field.MR_TD,
          Field.RTMR0,
          Field.RTMR1,
          Field.RTMR2,
          Field.RTMR3,
          Field.MR_CONFIG_ID,
          Field.MR_OWNER,
          Field.MR_OWNER_CONFIG,
          Field.MR_SEAM,
          Field.FMSPC);

  private static final List<Field> SNP_FIELDS =
      List.of(Field.MEASUREMENT, Field.HOST_DATA, Field.ID_KEY_DIGEST, Field.AUTHOR_KEY_DIGEST);

  private static final List<Field> SGX_FIELDS =
      List.of(Field.MRENCLAVE, Field.MRSIGNER, Field.ISVPRODID, Field.FMSPC);

  private final YamlMapping yaml;
  private final Values values;

  private PolicyReader(YamlMapping yaml) {
    this.yaml = yaml;
    this.values = new Values(yaml);
  }

  static SecretPolicy secret(YamlMapping yaml) throws YamlException {
    String name = yaml.text("name");
    if (name.length() > MAX_NAME_CHARS || name.chars().anyMatch(Character::isISOControl)) {
      throw yaml.bad("name", "must have at most 255 characters and no control characters");
    }
    boolean sample = yaml.flag("sample");
    OptionalInt maxReleases =
        yaml.has("max_releases")
            ? OptionalInt.of(yaml.number("max_releases", 1, MAX_RELEASES, 1))
            : OptionalInt.empty();
    List<Rule> rules = new ArrayList<>();
    for (YamlMapping rule : yaml.mappings("rules")) {
      rules.add(new PolicyReader(rule).rule("rule " + (rules.size() + 1)));
    }
    if (sample) {
      rules.add(new Rule("sample", List.of(new TeeCheck(Tee.SAMPLE))));
    }
    if (rules.isEmpty() || rules.size() > MAX_RULES) {
      throw yaml.bad(
          "rules", "must list 1 to " + MAX_RULES + " rules, or sample must be true (insecure)");
    }
    yaml.finish();
    return new SecretPolicy(name, sample, maxReleases, rules);
  }

  private Rule rule(String defaultName) throws YamlException {
    String name = yaml.optionalText("name").orElse(defaultName);
    if (name.length() > MAX_NAME_CHARS || name.chars().anyMatch(Character::isISOControl)) {
      throw yaml.bad("name", "must have at most 255 characters and no control characters");
    }
    List<Check> checks = new ArrayList<>();
    switch (yaml.text("tee")) {
      case "tdx" -> addTdx(checks);
      case "snp" -> addSnp(checks);
      case "sgx" -> addSgx(checks);
      case "sample" ->
          throw yaml.bad("tee", "cannot be sample; write sample: true beside the rules");
      case "none" -> addNone(checks);
      default -> throw yaml.bad("tee", "must be tdx, snp, sgx or none");
    }
    addRequester(checks);
    values.timeWindow().ifPresent(checks::add);
    yaml.finish();
    return new Rule(name, checks);
  }

  /** No machine is attested: who holds the key gets the secret, wherever it runs. */
  private void addNone(List<Check> checks) throws YamlException {
    checks.add(new TeeCheck(Tee.NONE));
    if (!yaml.has("requester_psk")) {
      throw yaml.bad("tee", "is none, which needs requester_psk: nothing else would be proved");
    }
  }

  private void addTdx(List<Check> checks) throws YamlException {
    checks.add(new TeeCheck(Tee.TDX));
    addFields(TDX_FIELDS, checks);
    checks.add(new TdAttributes(values.bits("allow_td_attributes", TdAttributes.BITS)));
    checks.add(new Xfam(values.hex("xfam", Field.XFAM.sizeBytes())));
    checks.add(new ServiceTd(values.hex("mr_servicetd", Field.MR_SERVICETD.sizeBytes())));
    checks.add(values.tcb());
    EventLogCheck log = new EventLogCheck(values.eventLog());
    checks.add(log);
    boolean firmware = yaml.has("mr_td");
    boolean software =
        (yaml.has("rtmr1") && yaml.has("rtmr2"))
            || yaml.has("mr_config_id")
            || log.wanted().stream().anyMatch(facts -> !facts.kernel().isEmpty());
    refuseWide(firmware, software);
  }

  /**
   * The firmware's measurement passes whatever that firmware starts, and what was started is only
   * known if a known firmware measured it.
   */
  private void refuseWide(boolean firmware, boolean software) throws YamlException {
    boolean firmwareOnly = yaml.flag("firmware_only");
    boolean anyFirmware = yaml.flag("any_firmware");
    boolean anyMeasurement = yaml.flag("any_measurement");
    if (!firmware && !software && !anyMeasurement) {
      throw yaml.bad(
          "tee",
          "is all that the rule asks for: list mr_td and more, or say any_measurement: true, which passes every TD there is");
    }
    if (firmware && !software && !firmwareOnly) {
      throw yaml.bad(
          "mr_td",
          "alone passes every VM with that firmware: list rtmr1 and rtmr2, event_log.kernel or mr_config_id, or say firmware_only: true");
    }
    if (!firmware && software && !anyFirmware) {
      throw yaml.bad(
          "tee",
          "is not followed by mr_td: firmware of a host's own can fake every register; list mr_td or say any_firmware: true");
    }
    if ((firmwareOnly && (!firmware || software))
        || (anyFirmware && (firmware || !software))
        || (anyMeasurement && (firmware || software))) {
      throw yaml.bad(
          firmwareOnly ? "firmware_only" : anyFirmware ? "any_firmware" : "any_measurement",
          "does not fit what the rule lists; remove it");
    }
  }

  private void addSnp(List<Check> checks) throws YamlException {
    checks.add(new TeeCheck(Tee.SNP));
    addFields(SNP_FIELDS, checks);
    Set<String> vmpls = values.texts("vmpl", "[0-3]", "must list numbers from 0 to 3");
    checks.add(
        new SnpGuest(
            values.bits("allow_guest_policy", SnpGuest.POLICY_BITS),
            vmpls.isEmpty() ? Set.of("0") : vmpls,
            values.minTcb()));
    refuseUnmeasured(yaml.has("measurement"), "measurement");
  }

  private void addSgx(List<Check> checks) throws YamlException {
    checks.add(new TeeCheck(Tee.SGX));
    addFields(SGX_FIELDS, checks);
    checks.add(
        new SgxEnclave(yaml.flag("allow_sgx_debug"), yaml.number("min_isvsvn", 0, 65_535, 0)));
    checks.add(values.tcb());
    refuseUnmeasured(
        yaml.has("mrenclave")
            || (yaml.has("mrsigner") && yaml.has("isvprodid") && yaml.has("min_isvsvn")),
        "mrenclave, or mrsigner with isvprodid and min_isvsvn");
  }

  private void refuseUnmeasured(boolean measured, String what) throws YamlException {
    boolean any = yaml.flag("any_measurement");
    if (measured == any) {
      throw yaml.bad(
          measured ? "any_measurement" : "tee",
          measured
              ? "does not fit what the rule lists; remove it"
              : "needs " + what + ", or any_measurement: true, which passes every such machine");
    }
  }

  private void addFields(List<Field> fields, List<Check> checks) throws YamlException {
    for (Claims.Field field : fields) {
      if (yaml.has(field.word())) {
        String check = field == Field.FMSPC ? "PLATFORM" : "MEASUREMENT";
        checks.add(new FieldCheck(check, field, values.hex(field.word(), field.sizeBytes())));
      }
    }
  }

  private void addRequester(List<Check> checks) throws YamlException {
    Set<String> certificates = values.hex("requester_certificate_sha256", 32);
    Set<String> keys = values.texts("requester_psk", "[ -~]{1,255}", "must list names of keys");
    if (!certificates.isEmpty() || !keys.isEmpty()) {
      checks.add(new RequesterCheck(certificates, keys));
    }
  }
}
