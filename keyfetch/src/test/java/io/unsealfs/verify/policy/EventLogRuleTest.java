package io.unsealfs.verify.policy;

import static io.unsealfs.verify.policy.PolicyTest.fails;
import static io.unsealfs.verify.policy.PolicyTest.passes;
import static io.unsealfs.verify.policy.PolicyTest.rule;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.eventlog.LogBuilder;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EventLogRuleTest {
  private static final String SHIM = "51".repeat(48);
  private static final String KERNEL = "52".repeat(48);
  private static final String INITRD = "53".repeat(48);
  private static final String EVIL = "ee".repeat(48);
  private static final String LINE = "/vmlinuz root=/dev/vda1 ro";
  private static final String LOG =
      """
      event_log:
        kernel: [%s]
        kernel_command_line: ['%s']
        initrd: [%s]
        boot_applications: [%s]
      """
          .formatted(KERNEL, LINE, INITRD, SHIM);
  private static final String FIRMWARE = "mr_td: [" + Machine.MR_TD + "]\n";

  private static byte[] digest(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static LogBuilder boot(String kernel, String line) {
    return new LogBuilder()
        .secureBoot(true)
        .separator(0)
        .application(digest(SHIM))
        .loader("grub_cmd: ", "linux " + line)
        .file("/vmlinuz", digest(kernel))
        .loader("kernel_cmdline: ", line)
        .file("/initrd", digest(INITRD));
  }

  private static Machine booted(LogBuilder log) throws IOException {
    return Machine.tdx().booted(log.bytes());
  }

  @Test
  void theBootThatIsListedPasses() throws IOException {
    passes(rule("tdx", FIRMWARE + LOG), booted(boot(KERNEL, LINE)));
  }

  @Test
  void anotherCommandLineFails() throws IOException {
    fails(
        rule("tdx", FIRMWARE + LOG),
        booted(boot(KERNEL, LINE + " init=/bin/sh")),
        "EVENT_LOG",
        "init=/bin/sh");
  }

  @Test
  void aBadKernelCannotHideBehindAGoodOneThatIsExtendedLater() throws IOException {
    fails(
        rule("tdx", FIRMWARE + LOG),
        booted(boot(EVIL, LINE).file("/vmlinuz", digest(KERNEL))),
        "EVENT_LOG",
        "rtmr2 " + EVIL);
    fails(
        rule("tdx", FIRMWARE + LOG),
        booted(boot(KERNEL, LINE).application(digest(EVIL))),
        "EVENT_LOG",
        "rtmr1 " + EVIL);
  }

  @Test
  void aBadCommandLineCannotHideBehindAGoodOneThatIsExtendedLater() throws IOException {
    String evil = "/vmlinuz init=/bin/sh";
    LogBuilder relabelled =
        new LogBuilder()
            .application(digest(SHIM))
            .loader("grub_cmd: ", "linux " + evil)
            .file("/vmlinuz", digest(KERNEL))
            .loader("grub_cmd: ", evil)
            .file("/initrd", digest(INITRD))
            .loader("kernel_cmdline: ", LINE);
    fails(rule("tdx", FIRMWARE + LOG), booted(relabelled), "EVENT_LOG", "grub_cmd: " + evil);
  }

  @Test
  void whatTheRuleListsHasToBeThere() throws IOException {
    LogBuilder noInitrd =
        new LogBuilder()
            .application(digest(SHIM))
            .file("/vmlinuz", digest(KERNEL))
            .loader("kernel_cmdline: ", LINE);
    fails(rule("tdx", FIRMWARE + LOG), booted(noInitrd), "EVENT_LOG", "initrd is " + INITRD);
    LogBuilder noLine =
        new LogBuilder()
            .application(digest(SHIM))
            .file("/vmlinuz", digest(KERNEL))
            .file("/initrd", digest(INITRD));
    fails(rule("tdx", FIRMWARE + LOG), booted(noLine), "EVENT_LOG", "kernel_command_line");
  }

  @Test
  void withoutAListedCommandLineThereMustBeNone() throws IOException {
    String rule = FIRMWARE + "event_log: {kernel: [" + KERNEL + "]}";
    passes(rule("tdx", rule), booted(new LogBuilder().application(digest(KERNEL))));
    fails(
        rule("tdx", rule),
        booted(new LogBuilder().application(digest(KERNEL)).loader("kernel_cmdline: ", LINE)),
        "EVENT_LOG",
        LINE);
  }

  @Test
  void aCommandLineThatEfiPassedIsKnownByItsDigest() throws IOException {
    LogBuilder direct =
        new LogBuilder()
            .application(digest(KERNEL))
            .entry(
                2,
                6,
                digest(io.unsealfs.verify.eventlog.BootFacts.commandLineDigests(LINE).get(3)),
                new byte[] {(byte) 0xed, 0x22, 0x3b, (byte) 0x8f, 0, 0, 0, 0});
    String rule = FIRMWARE + "event_log: {kernel: [" + KERNEL + "], kernel_command_line: ['%s']}";
    passes(rule("tdx", rule.formatted(LINE)), booted(direct));
    passes(
        rule(
            "tdx",
            rule.formatted(
                "sha384:" + io.unsealfs.verify.eventlog.BootFacts.commandLineDigests(LINE).get(3))),
        booted(direct));
  }

  @Test
  void secureBootIsAsListed() throws IOException {
    String rule = FIRMWARE + "firmware_only: true\nevent_log: {secure_boot: true}";
    passes(rule("tdx", rule), booted(new LogBuilder().secureBoot(true).separator(0)));
    fails(
        rule("tdx", rule),
        booted(new LogBuilder().secureBoot(false).separator(0)),
        "EVENT_LOG",
        "is true / false");
    fails(
        rule("tdx", rule),
        booted(new LogBuilder().separator(0).secureBoot(true)),
        "EVENT_LOG",
        "not told");
  }

  @Test
  void agentEventsAreThereAndNotContradicted() throws IOException {
    String rule = FIRMWARE + "firmware_only: true\nevent_log: {agent_events: [a.example run x]}";
    passes(
        rule("tdx", rule),
        booted(new LogBuilder().agent("a.example run x").agent("b.example run y")));
    fails(
        rule("tdx", rule),
        booted(new LogBuilder().agent("a.example run x").agent("a.example run y")),
        "EVENT_LOG",
        "a.example run y");
    fails(
        rule("tdx", rule),
        booted(new LogBuilder().agent("a.example run x").entry(3, 6, digest(EVIL), new byte[1])),
        "EVENT_LOG",
        EVIL);
    fails(rule("tdx", rule), booted(new LogBuilder()), "EVENT_LOG", "absent");
  }

  @Test
  void bootCommandsAreAsListed() throws IOException {
    LogBuilder log = new LogBuilder().application(digest(KERNEL)).loader("grub_cmd: ", "set a=b");
    String rule = FIRMWARE + "event_log: {kernel: [" + KERNEL + "], boot_commands: [%s]}";
    fails(rule("tdx", rule.formatted(EVIL)), booted(log), "EVENT_LOG", "boot_commands is " + EVIL);
  }

  @Test
  void aLogThatDoesNotReplayFailsEveryRuleAndNamesTheRegister() throws IOException {
    byte[] log = boot(KERNEL, LINE).bytes();
    Machine other =
        Machine.tdx().booted(log).with(io.unsealfs.verify.Claims.Field.RTMR2, Machine.RTMR2);
    fails(rule("tdx", FIRMWARE + LOG), other, "EVENT_LOG", "event_log.rtmr2 leads to 2222");
    fails(rule("tdx", FIRMWARE + "firmware_only: true"), other, "EVENT_LOG", "event_log.rtmr2");
  }

  @Test
  void aLogThatIsMissingOrDamagedFails() throws IOException {
    fails(rule("tdx", FIRMWARE + LOG), Machine.tdx(), "EVENT_LOG", "is there / absent");
    fails(
        rule("tdx", FIRMWARE + "firmware_only: true"),
        Machine.tdx().showing(new byte[40]),
        "EVENT_LOG",
        "can be read");
  }

  @Test
  void aRecordedBootOfAlibabaCloudIsLearnedAndRecognised() throws IOException {
    Machine machine = Machine.tdx().booted(Vectors.bytes("tdx/trustee-ccel-aael-alibabacloud.bin"));
    PolicySkeletonTest.passesWhatWasLearned(machine, "kernel_command_line:");
  }
}
