package io.unsealfs.verify.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.eventlog.LogBuilder;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicySkeletonTest {

  static SecretPolicy learned(Machine machine, String says) throws IOException {
    String yaml = PolicySkeleton.of("model", machine.subject());
    assertTrue(yaml.contains(says), yaml);
    return Policy.parse(yaml.getBytes(UTF_8), "learned").forSecret("model").orElseThrow();
  }

  static void passesWhatWasLearned(Machine machine, String says) throws IOException {
    PolicyTest.passes(learned(machine, says), machine);
  }

  @Test
  void aGoodMachinePassesItsOwnPolicyAndAnotherDoesNot() throws IOException {
    passesWhatWasLearned(Machine.tdx(), "rtmr2: [" + Machine.RTMR2);
    passesWhatWasLearned(
        Machine.tdx().with(Field.MR_SERVICETD, "38".repeat(48)), "ask the provider");
    passesWhatWasLearned(Machine.tdx().with(Field.MR_CONFIG_ID, "39".repeat(48)), "mr_config_id");
    passesWhatWasLearned(Machine.snp(), "measurement");
    passesWhatWasLearned(Machine.sgx(), "mrenclave");
    passesWhatWasLearned(Machine.sample(), "INSECURE");
    PolicyTest.fails(
        learned(Machine.tdx(), "learned"),
        Machine.tdx().with(Field.RTMR1, "12".repeat(48)),
        "MEASUREMENT",
        "rtmr1");
  }

  @Test
  void whatWeakensARuleIsOnlyAComment() throws IOException {
    Machine debug = Machine.tdx().with(Field.TD_ATTRIBUTES, "0100001000000000");
    PolicyTest.fails(
        learned(debug, "# REFUSED as it stands, TD_DEBUG"), debug, "TD_DEBUG", "DEBUG");
    Machine old = Machine.tdx().with(TcbStatus.OUT_OF_DATE, "INTEL-SA-1");
    PolicyTest.fails(learned(old, "#   - status: OutOfDate"), old, "TCB_STATUS", "INTEL-SA-1");
  }

  @Test
  void aCommandLineWithQuotesAndColonsSurvives() throws IOException {
    String line = "/vmlinuz dm=\"1 vroot: 'none' # x\" k=\\";
    passesWhatWasLearned(
        Machine.tdx()
            .booted(
                new LogBuilder()
                    .application(new byte[48])
                    .file("/vmlinuz", new byte[48])
                    .loader("kernel_cmdline: ", line)
                    .bytes()),
        "kernel_command_line");
  }

  @Test
  void registersAreListedWhereTheLogDoesNotReplay() throws IOException {
    String yaml =
        PolicySkeleton.of(
            "model", Machine.tdx().showing(new LogBuilder().separator(1).bytes()).subject());
    assertTrue(yaml.contains("does not lead to rtmr1"), yaml);
    assertFalse(yaml.contains("\n        event_log:"), yaml);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gotdx-cos113-ccel.dat", "trustee-ccel-ovmf.bin", "trustee-ccel-tdshim.bin"})
  void recordedBootsAreLearnedAndRecognised(String log) throws IOException {
    passesWhatWasLearned(Machine.tdx().booted(Vectors.bytes("tdx/" + log)), "kernel:");
  }

  @Test
  void aRecordedQuoteAndItsLogAreLearnedTogether() throws Exception {
    Claims claims = Quote.parse(Vectors.bytes("tdx/gotdx-cos113-quote.dat")).claims();
    Subject subject =
        new Subject(
            claims,
            LogReading.of(Vectors.bytes("tdx/gotdx-cos113-ccel.dat"), claims),
            Requester.UNKNOWN,
            Machine.NOW);
    String yaml = PolicySkeleton.of("model", subject);
    assertTrue(yaml.contains("b1012372f421ad28"), yaml);
    Verdict verdict =
        Policy.parse(yaml.getBytes(UTF_8), "learned")
            .forSecret("model")
            .orElseThrow()
            .judge(subject);
    // without collateral nothing but the age of the platform is open
    assertTrue(
        verdict.failures().size() == 1 && verdict.failures().get(0).name().equals("TCB_STATUS"),
        verdict.failures().toString());
  }

  @Test
  void aRecordedQuoteThatCarriesAServiceTdNeedsItsValue() throws Exception {
    Claims claims = Quote.parse(Vectors.bytes("tdx/trustee-quote-v5.dat")).claims();
    Subject subject = new Subject(claims, new LogReading.Absent(), Requester.UNKNOWN, Machine.NOW);
    String yaml = PolicySkeleton.of("model", subject);
    assertTrue(yaml.contains("mr_servicetd: [383c87d3"), yaml);
  }
}
