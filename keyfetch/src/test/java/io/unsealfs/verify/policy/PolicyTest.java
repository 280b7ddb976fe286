package io.unsealfs.verify.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.yaml.YamlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyTest {
  static final String MEASURED =
      "mr_td: [%s]\nrtmr1: [%s]\nrtmr2: [%s]\n"
          .formatted(Machine.MR_TD, Machine.RTMR1, Machine.RTMR2);

  /** A policy of one secret with one rule of these lines. */
  static SecretPolicy rule(String tee, String lines) throws YamlException {
    return policy("rules:\n  - tee: " + tee + "\n" + lines.stripTrailing().indent(4));
  }

  /** A policy of one secret with these lines. */
  static SecretPolicy policy(String lines) throws YamlException {
    String yaml = "version: 1\nsecrets:\n  - name: model\n" + lines.indent(4);
    return Policy.parse(yaml.getBytes(UTF_8), "policy p.yaml").forSecret("model").orElseThrow();
  }

  static void passes(SecretPolicy policy, Machine machine) {
    Verdict verdict = policy.judge(machine.subject());
    assertTrue(verdict.accepted(), () -> String.join("\n", verdict.explain()));
    assertEquals(List.of(), verdict.failures());
  }

  /** Checks that just this failed, and that expected and actual values are told. */
  static void fails(SecretPolicy policy, Machine machine, String name, String says) {
    Verdict verdict = policy.judge(machine.subject());
    List<FailedCheck> failures = verdict.failures();
    assertFalse(verdict.accepted());
    assertEquals(1, failures.size(), failures.toString());
    assertEquals(name, failures.get(0).name());
    assertEquals(FailedCheck.Kind.POLICY, failures.get(0).kind());
    String told = failures.get(0).expected() + " / " + failures.get(0).actual();
    assertTrue(told.contains(says), told);
  }

  static String refused(String tee, String lines) {
    String message =
        String.valueOf(assertThrows(YamlException.class, () -> rule(tee, lines)).getMessage());
    assertFalse(message.contains("\n"), message);
    assertTrue(message.contains("policy p.yaml line"), message);
    return message;
  }

  @ParameterizedTest
  @CsvSource({
    "MR_TD, mr_td",
    "RTMR0, rtmr0",
    "RTMR1, rtmr1",
    "RTMR2, rtmr2",
    "RTMR3, rtmr3",
    "MR_CONFIG_ID, mr_config_id",
    "MR_OWNER, mr_owner",
    "MR_OWNER_CONFIG, mr_owner_config",
    "MR_SEAM, mr_seam"
  })
  void aMeasurementIsOneOfThoseListed(Field field, String key) throws YamlException {
    String good = "5a".repeat(48);
    String others =
        MEASURED.lines().filter(line -> !line.startsWith(key)).reduce("", (a, b) -> a + b + "\n");
    SecretPolicy policy = rule("tdx", others + key + ": [" + "77".repeat(48) + ", " + good + "]");
    passes(policy, Machine.tdx().with(field, good));
    fails(policy, Machine.tdx().with(field, "5b".repeat(48)), "MEASUREMENT", key + " is one of");
  }

  @Test
  void aFieldThatTheEvidenceDoesNotHaveFails() throws YamlException {
    SecretPolicy policy = rule("tdx", MEASURED + "mr_seam: [" + "00".repeat(48) + "]");
    fails(policy, Machine.tdx(), "MEASUREMENT", "absent");
    fails(
        rule("tdx", MEASURED + "fmspc: [b0c06f000000]"),
        Machine.tdx().with(Field.FMSPC, "20a06f000000"),
        "PLATFORM",
        "20a06f000000");
  }

  @Test
  void evidenceOfAnotherKindFailsAtOnce() throws YamlException {
    fails(rule("tdx", MEASURED), Machine.snp(), "TEE", "snp");
    fails(rule("tdx", MEASURED), Machine.sample(), "TEE", "sample");
  }

  @ParameterizedTest
  @CsvSource({
    "0100001000000000, TD_DEBUG, DEBUG",
    "0200001000000000, TD_DEBUG, 0x2",
    "1000001000000000, TD_DEBUG, HGS_PLUS_PROF",
    "0000000000000000, TD_ATTRIBUTES, SEPT_VE_DISABLE",
    "0000003000000000, TD_ATTRIBUTES, MIGRATABLE",
    "0000001000000040, TD_ATTRIBUTES, TPA",
    "0000001080000000, TD_ATTRIBUTES, 0x8000000000",
  })
  void attributesThatLetTheHostInOrAreUnknownAreRefused(String hex, String name, String says)
      throws YamlException {
    fails(rule("tdx", MEASURED), Machine.tdx().with(Field.TD_ATTRIBUTES, hex), name, says);
  }

  @Test
  void harmlessAttributesPassAndOthersOnlyWhereNamed() throws YamlException {
    passes(rule("tdx", MEASURED), Machine.tdx().with(Field.TD_ATTRIBUTES, "000001d800000080"));
    SecretPolicy named = rule("tdx", MEASURED + "allow_td_attributes: [DEBUG, MIGRATABLE]");
    passes(named, Machine.tdx().with(Field.TD_ATTRIBUTES, "0100003000000000"));
    fails(
        named,
        Machine.tdx().with(Field.TD_ATTRIBUTES, "2100003000000000"),
        "TD_DEBUG",
        "PERF_PROF");
  }

  @Test
  void xfamHasItsTwoBitsAndIsOneOfThoseListed() throws YamlException {
    fails(
        rule("tdx", MEASURED),
        Machine.tdx().with(Field.XFAM, "0200000000000000"),
        "XFAM",
        "0200000000000000");
    SecretPolicy listed = rule("tdx", MEASURED + "xfam: [e702060000000000]");
    passes(listed, Machine.tdx());
    fails(listed, Machine.tdx().with(Field.XFAM, "e700060000000000"), "XFAM", "e702");
  }

  @Test
  void aServiceTdIsRefusedUnlessListed() throws YamlException {
    String service = "38".repeat(48);
    Machine bound = Machine.tdx().with(Field.MR_SERVICETD, service);
    fails(rule("tdx", MEASURED), bound, "SERVICE_TD", service);
    passes(rule("tdx", MEASURED + "mr_servicetd: [" + service + "]"), bound);
    passes(rule("tdx", MEASURED), Machine.tdx().with(Field.MR_SERVICETD, "00".repeat(48)));
  }

  @Test
  void aPlatformThatIsNotCurrentNeedsItsStatusAdvisoriesAndDate() throws YamlException {
    Machine old = Machine.tdx().with(TcbStatus.OUT_OF_DATE, "INTEL-SA-1", "INTEL-SA-2");
    fails(rule("tdx", MEASURED), old, "TCB_STATUS", "INTEL-SA-1 INTEL-SA-2");
    String accepted =
        "accept_tcb:\n  - status: OutOfDate\n    advisories: [%s]\n    until: 2026-07-01T00:00:00Z";
    SecretPolicy both = rule("tdx", MEASURED + accepted.formatted("INTEL-SA-1, INTEL-SA-2"));
    passes(both, old);
    fails(both, old.at("2026-07-01T00:00:00Z"), "TCB_STATUS", "until 2026-07-01");
    fails(
        rule("tdx", MEASURED + accepted.formatted("INTEL-SA-1")),
        old.at("2026-06-01T00:00:00Z"),
        "TCB_STATUS",
        "OutOfDate with INTEL-SA-1");
    fails(both, Machine.tdx().with(TcbStatus.CONFIGURATION_NEEDED), "TCB_STATUS", "Configuration");
    fails(both, Machine.tdx().with(TcbStatus.REVOKED), "TCB_STATUS", "Revoked");
    fails(both, Machine.tdx().unjudged(), "TCB_STATUS", "collateral");
  }

  @Test
  void hardeningNeedsNoDateButItsAdvisories() throws YamlException {
    SecretPolicy policy =
        rule(
            "tdx",
            MEASURED
                + "accept_tcb:\n  - {status: SWHardeningNeeded, advisories: [INTEL-SA-00615]}");
    passes(policy, Machine.tdx().with(TcbStatus.SW_HARDENING_NEEDED, "INTEL-SA-00615"));
    fails(
        policy,
        Machine.tdx().with(TcbStatus.SW_HARDENING_NEEDED, "INTEL-SA-00616"),
        "TCB_STATUS",
        "INTEL-SA-00616");
  }

  @Test
  void collateralIsAtLeastAsNewAsAsked() throws YamlException {
    passes(rule("tdx", MEASURED + "min_tcb_evaluation_number: 17"), Machine.tdx());
    fails(
        rule("tdx", MEASURED + "min_tcb_evaluation_number: 18"),
        Machine.tdx(),
        "COLLATERAL_ROLLBACK",
        "17");
  }

  @Test
  void theTimeIsWithinTheWindow() throws YamlException {
    SecretPolicy policy =
        rule("tdx", MEASURED + "not_before: 2026-06-01T00:00:00Z\nnot_after: 2026-06-02T00:00:00Z");
    passes(policy, Machine.tdx());
    passes(policy, Machine.tdx().at("2026-06-01T00:00:00Z"));
    passes(policy, Machine.tdx().at("2026-06-02T00:00:00Z"));
    fails(policy, Machine.tdx().at("2026-05-31T23:59:59Z"), "TIME", "2026-05-31");
    fails(policy, Machine.tdx().at("2026-06-02T00:00:01Z"), "TIME", "2026-06-02T00:00:01Z");
  }

  @Test
  void theRequesterHoldsWhatIsListed() throws YamlException {
    String certificate = "ee".repeat(32);
    SecretPolicy policy =
        rule(
            "tdx",
            MEASURED
                + "requester_certificate_sha256: ["
                + certificate
                + "]\nrequester_psk: [team-a]");
    Optional<String> held = Optional.of(certificate);
    passes(policy, Machine.tdx().askedBy(new Requester(held, Optional.of("team-a"))));
    fails(
        policy,
        Machine.tdx().askedBy(new Requester(held, Optional.of("team-b"))),
        "REQUESTER",
        "team-b");
    fails(
        policy,
        Machine.tdx().askedBy(new Requester(Optional.empty(), Optional.of("team-a"))),
        "REQUESTER",
        "none");
  }

  @Test
  void anSnpGuestIsMeasuredUndebuggableAndCurrent() throws YamlException {
    String measured = "measurement: [" + "bb".repeat(48) + "]\n";
    passes(rule("snp", measured), Machine.snp());
    fails(
        rule("snp", measured),
        Machine.snp().with(Field.MEASUREMENT, "bc".repeat(48)),
        "MEASUREMENT",
        "bcbc");
    Machine debug = Machine.snp().with(Field.GUEST_POLICY, "00000b0000000000");
    fails(rule("snp", measured), debug, "SNP_DEBUG", "00000b0000000000");
    passes(rule("snp", measured + "allow_guest_policy: [DEBUG]"), debug);
    fails(
        rule("snp", measured),
        Machine.snp().with(Field.GUEST_POLICY, "0000070000000000"),
        "TD_ATTRIBUTES",
        "MIGRATE_MA");
    Machine low = Machine.snp().with(Field.VMPL, "02000000");
    fails(rule("snp", measured), low, "TD_ATTRIBUTES", "vmpl is 0");
    passes(rule("snp", measured + "vmpl: [2]"), low);
    passes(
        rule("snp", measured + "min_tcb: {bootloader: 4, snp: 8, microcode: 209}"), Machine.snp());
    fails(
        rule("snp", measured + "min_tcb: {microcode: 210}"),
        Machine.snp(),
        "TCB_STATUS",
        "at least 210 / 209");
    fails(
        rule("snp", measured),
        Machine.snp().with(Field.GUEST_POLICY, "0000030400000000"),
        "TD_ATTRIBUTES",
        "unknown bits");
  }

  @Test
  void theTcbOfAnSnpGuestIsComparedPartByPartAsItsProcessorLaysItOut() throws YamlException {
    String floor = "measurement: [" + "bb".repeat(48) + "]\nmin_tcb: ";
    // a new microcode does not make up for an old boot loader
    fails(
        rule("snp", floor + "{bootloader: 5, microcode: 1}"),
        Machine.snp(),
        "TCB_STATUS",
        "at least 5 / 4");
    fails(
        rule("snp", floor + "{bootloader: 4}"),
        Machine.snp().with(Field.LAUNCH_TCB, "03000000000008d1"),
        "TCB_STATUS",
        "at least 4 / 3");
    Machine turin =
        Machine.snp()
            .with(Field.CPUID, "1a0200")
            .with(Field.REPORTED_TCB, "0102030400000005")
            .with(Field.LAUNCH_TCB, "0102030400000005");
    passes(rule("snp", floor + "{fmc: 1, bootloader: 2, tee: 3, snp: 4, microcode: 5}"), turin);
    fails(rule("snp", floor + "{snp: 5}"), turin, "TCB_STATUS", "at least 5 / 4");
    fails(rule("snp", floor + "{fmc: 1}"), Machine.snp(), "TCB_STATUS", "absent");
    fails(
        rule("snp", floor + "{snp: 0}"),
        Machine.snp().with(Field.CPUID, "1b0000"),
        "TCB_STATUS",
        "absent");
  }

  @Test
  void anEnclaveIsMeasuredUndebuggableAndNewEnough() throws YamlException {
    passes(rule("sgx", "mrenclave: [" + "cc".repeat(32) + "]"), Machine.sgx());
    String signed = "mrsigner: [" + "dd".repeat(32) + "]\nisvprodid: [\"0100\"]\nmin_isvsvn: ";
    passes(rule("sgx", signed + 5), Machine.sgx());
    fails(rule("sgx", signed + 6), Machine.sgx(), "MEASUREMENT", "at least 6 / 5");
    Machine debug = Machine.sgx().with(Field.SGX_ATTRIBUTES, "07000000000000000700000000000000");
    fails(rule("sgx", signed + 5), debug, "SGX_DEBUG", "0700");
    passes(rule("sgx", signed + 5 + "\nallow_sgx_debug: true"), debug);
  }

  @Test
  void anyRuleIsEnoughAndTheClosestOneIsBlamed() throws YamlException {
    String rules =
        """
        rules:
          - name: first
            tee: snp
            measurement: [%s]
          - name: second
            tee: tdx
            mr_td: [%s]
            firmware_only: true
          - name: third
            tee: tdx
            mr_td: [%s]
            mr_owner: [%s]
            firmware_only: true
        """
            .formatted("00".repeat(48), "aa".repeat(48), "ab".repeat(48), "01".repeat(48));
    SecretPolicy policy = policy(rules);
    passes(policy, Machine.tdx());
    Verdict verdict = policy.judge(Machine.tdx().with(Field.MR_TD, "ac".repeat(48)).subject());
    assertEquals(1, verdict.failures().size());
    String explained = String.join("\n", verdict.explain());
    assertTrue(explained.startsWith("secret model: refused\n"), explained);
    assertTrue(
        explained.contains(
            "    FAIL MEASUREMENT mr_td: expected is " + "aa".repeat(48) + "; actual acac"),
        explained);
    assertTrue(explained.contains("    pass XFAM xfam: "), explained);
  }

  @Test
  void sampleEvidencePassesWhereItIsAllowed() throws YamlException {
    assertTrue(policy("sample: true").allowsSample());
    passes(policy("sample: true"), Machine.sample());
    fails(policy("sample: true"), Machine.tdx(), "TEE", "tdx");
  }

  @Test
  void releasesAreLimited() throws YamlException {
    assertEquals(3, policy("sample: true\nmax_releases: 3").maxReleases().orElseThrow());
    assertTrue(policy("sample: true").maxReleases().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tdx | # | any_measurement",
        "tdx | mr_td: [A] | firmware_only: true",
        "tdx | mr_td: [A], rtmr1: [A] | firmware_only: true",
        "tdx | rtmr1: [A], rtmr2: [A] | any_firmware: true",
        "tdx | mr_config_id: [A] | any_firmware: true",
        "tdx | event_log: {kernel: [A]} | any_firmware: true",
        "tdx | mr_td: [A], event_log: {secure_boot: true} | firmware_only: true",
        "tdx | mr_td: [A], rtmr1: [A], rtmr2: [A], firmware_only: true | does not fit",
        "tdx | mr_td: [A], firmware_only: true, any_measurement: true | does not fit",
        "tdx | mr_td: [A], mr_config_id: [A], any_firmware: true | does not fit",
        "snp | # | measurement",
        "sgx | # | mrenclave",
        "sgx | mrsigner: [B] | isvprodid",
      })
  void aRuleThatPassesMoreThanItAdmitsIsRefused(String tee, String fields, String says) {
    String lines =
        fields
            .replace("[A]", "[" + "0a".repeat(48) + "]")
            .replace("[B]", "[" + "0a".repeat(32) + "]")
            .replace("], ", "]\n")
            .replace("true, ", "true\n");
    String message = refused(tee, lines);
    assertTrue(message.contains(says), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tdx | mr_td: [A], firmware_only: true",
        "tdx | any_measurement: true",
        "tdx | mr_config_id: [A], any_firmware: true",
        "tdx | mr_td: [A], mr_config_id: [A]",
        "tdx | mr_td: [A], event_log: {kernel: [A]}",
        "snp | any_measurement: true",
        "sgx | any_measurement: true",
      })
  void aRuleThatAdmitsWhatItPassesIsRead(String tee, String fields) throws YamlException {
    String lines = fields.replace("[A]", "[" + "0a".repeat(48) + "]").replace("], ", "]\n");
    assertEquals(1, rule(tee, lines).rules().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mr_tdx: [a] | unknown key",
        "measurement: [a] | unknown key",
        "mrenclave: [a] | unknown key",
        "rtmr0: [0A] | hexadecimal",
        "rtmr0: 0 | list",
        "rtmr0: [] | 1 to 256",
        "rtmr0: &a [b] | anchors",
        "rtmr3: !!str a | tags",
        "xfam: [03] | 16 hexadecimal",
        "xfam: [0300000000000000, 0300000000000000] | twice",
        "allow_td_attributes: [DEBUGGING] | known: DEBUG",
        "firmware_only: yes | true or false",
        "accept_tcb: [{status: Fine}] | no TCB status",
        "accept_tcb: [{status: Revoked}] | never",
        "accept_tcb: [{status: UpToDate}] | always",
        "accept_tcb: [{status: OutOfDate}] | until",
        "accept_tcb: [{status: SWHardeningNeeded, advisory: [a]}] | unknown key",
        "accept_tcb: [{status: SWHardeningNeeded, until: soon}] | RFC 3339",
        "min_tcb_evaluation_number: 0 | whole number",
        "not_before: 2026 | RFC 3339",
        "requester_psk: ['a\tb'] | names of keys",
        "requester_certificate_sha256: [ab] | 64 hexadecimal",
        "event_log: {initrd: [A]} | needs kernel",
        "event_log: {boot_loader: a} | unknown key",
        "event_log: {kernel: [A], kernel_command_line: ['sha384:00']} | 96 hexadecimal",
        "event_log: {agent_events: [a b]} | domain operation content",
        "tee: tdx | duplicate key",
      })
  void whatIsNotUnderstoodIsRefusedWithItsLine(String line, String says) {
    String message = refused("tdx", MEASURED + line.replace("[A]", "[" + "0a".repeat(48) + "]"));
    assertTrue(message.contains(says), message);
  }

  @Test
  void aPolicyWithoutSecretsOrOfAnotherVersionIsRefused() {
    List<String> bad = new ArrayList<>();
    bad.add("version: 1\n");
    bad.add("version: 2\nsecrets: [{name: a, sample: true}]\n");
    bad.add("secrets: [{name: a, sample: true}]\n");
    bad.add("version: 1\nsecrets: [{name: a}]\n");
    bad.add("version: 1\nsecrets: [{name: a, rules: [{tee: sample}]}]\n");
    bad.add("version: 1\nsecrets: [{name: a, rules: [{tee: sev}]}]\n");
    bad.add("version: 1\nsecrets: [{name: a, sample: true}, {name: a, sample: true}]\n");
    bad.add("version: 1\nsecrets: [{name: a, sample: true, max_releases: 0}]\n");
    bad.add("version: 1\nsecrets: [{name: a, sample: true}]\nmore: x\n");
    bad.add("version: 1\nsecrets: [{name: \"a\\nb\", sample: true}]\n");
    for (String yaml : bad) {
      assertThrows(YamlException.class, () -> Policy.parse(yaml.getBytes(UTF_8), "p"), yaml);
    }
  }
}
