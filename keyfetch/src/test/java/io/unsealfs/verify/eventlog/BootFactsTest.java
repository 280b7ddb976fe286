package io.unsealfs.verify.eventlog;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.eventlog.BootFacts.AgentEvent;
import io.unsealfs.verify.eventlog.BootFacts.Measured;
import io.unsealfs.verify.eventlog.BootFacts.Role;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BootFactsTest {
  private static final byte[] GOOD = Sha384.of(new byte[] {1});
  private static final byte[] BAD = Sha384.of(new byte[] {2});
  private static final String LINE = "/vmlinuz root=/dev/vda1";

  private static BootFacts facts(LogBuilder log) throws IOException {
    return BootFacts.of(EventLog.parse(log.bytes()));
  }

  private static BootFacts recorded(String file) throws IOException {
    return BootFacts.of(EventLog.parse(Vectors.bytes("tdx/" + file)));
  }

  private static List<String> roles(BootFacts facts) {
    return facts.unexplained().stream()
        .map(m -> m.rtmr() + " " + m.role() + " " + m.digest().substring(0, 8))
        .toList();
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  @Test
  void aRecordedLogOfAlibabaCloudTellsKernelCommandLineInitrdAndAgentEvents() throws IOException {
    BootFacts facts = recorded("trustee-ccel-aael-alibabacloud.bin");
    assertEquals(Optional.of(false), facts.secureBoot());
    assertEquals(
        List.of(
            "1 BOOT_APPLICATION 06647f7c",
            "2 OTHER 4793c242",
            "2 OTHER 80ee2571",
            "2 OTHER 8d2ce87d",
            "1 BOOT_APPLICATION 1c6b41cc",
            "2 KERNEL 7ecde582",
            "2 INITRD 7de50181"),
        roles(facts));
    assertEquals(1, facts.kernelCommandLines().size());
    assertTrue(
        facts
            .kernelCommandLines()
            .get(0)
            .startsWith("(hd0,gpt3)/boot/vmlinuz-5.10.134-19.1.al8.x86_64 root=UUID=33b46ac5"));
    assertEquals(
        List.of(
            new AgentEvent("coco.com", "some-operation", "some-content"),
            new AgentEvent(
                "coco.com",
                "some-operation",
                "{\"key\": \"value\", \"nested-key\": {\"sub-key\": \"value\"}}")),
        facts.agentEvents());
    assertEquals(List.of(), facts.unexplainedInRtmr3());
    assertTrue(facts.bootCommandsDigest().isPresent());
  }

  @Test
  void aRecordedLogOfGoogleTellsTheKernelByItsPath() throws IOException {
    BootFacts facts = recorded("gotdx-cos113-ccel.dat");
    assertEquals(Optional.of(false), facts.secureBoot());
    assertEquals(
        List.of(
            "1 BOOT_APPLICATION 5a10026c",
            "2 OTHER 80ee2571",
            "2 OTHER 80ee2571",
            "2 OTHER 8d2ce87d",
            "1 BOOT_APPLICATION b1fb7f4c",
            "2 OTHER e04d5d02",
            "2 KERNEL b1012372"),
        roles(facts));
    assertTrue(facts.kernelCommandLines().get(0).startsWith("/syslinux/vmlinuz.A init="));
  }

  @Test
  void aRecordedDirectBootTellsDigestsOfCommandLineAndInitrd() throws IOException {
    BootFacts facts = recorded("trustee-ccel-ovmf.bin");
    assertEquals(Optional.of(false), facts.secureBoot());
    assertEquals(
        List.of(
            "1 BOOT_APPLICATION a2ccae1e", "2 KERNEL_COMMAND_LINE 4230f848", "2 INITRD b15af928"),
        roles(facts));
    assertEquals(List.of(), facts.kernelCommandLines());
  }

  @Test
  void aRecordedLogOfTdShimTellsPayloadAndCommandLine() throws IOException {
    BootFacts facts = recorded("trustee-ccel-tdshim.bin");
    assertEquals(Optional.empty(), facts.secureBoot());
    assertEquals(List.of("1 KERNEL 5b7aa657"), roles(facts));
    assertEquals(List.of("root=/dev/vda1 console=hvc0 rw"), facts.kernelCommandLines());
  }

  @Test
  void aLabelAloneExplainsNothing() throws IOException {
    BootFacts facts =
        facts(
            new LogBuilder()
                .entry(1, LogEntry.EV_EFI_ACTION, BAD, LogBuilder.utf8("Exit Boot Services"))
                .entry(1, LogEntry.EV_SEPARATOR, BAD, new byte[4])
                .entry(1, LogEntry.EV_EFI_GPT_EVENT, BAD, LogBuilder.utf8("EFI PART"))
                .entry(
                    1,
                    LogEntry.EV_EFI_VARIABLE_BOOT,
                    BAD,
                    LogBuilder.variable("BootOrder", new byte[2]))
                .file("grub_cmd: echo", BAD)
                .file("kernel_cmdline: " + LINE, BAD));
    assertEquals(6, facts.unexplained().size(), facts.toString());
    assertEquals(List.of(), facts.kernelCommandLines());
  }

  @Test
  void harmlessEntriesOfFirmwareAreExplained() throws IOException {
    BootFacts facts =
        facts(
            new LogBuilder()
                .separator(1)
                .digested(1, LogEntry.EV_EFI_ACTION, LogBuilder.utf8("Calling EFI Application"))
                .digested(1, LogEntry.EV_EFI_GPT_EVENT, LogBuilder.utf8("EFI PART.."))
                .variable(1, LogEntry.EV_EFI_VARIABLE_BOOT, "BootOrder", new byte[4])
                .variable(1, LogEntry.EV_EFI_VARIABLE_BOOT, "Boot000A", new byte[] {1, 0, 0, 0}));
    assertEquals(List.of(), facts.unexplained());
  }

  @Test
  void aProgramCannotPassAsAVariableOrAnAction() throws IOException {
    byte[] program = LogBuilder.utf8("MZ and so on, the whole of a program".repeat(4));
    BootFacts facts =
        facts(
            new LogBuilder()
                .entry(
                    1,
                    LogEntry.EV_EFI_VARIABLE_BOOT,
                    Sha384.of(program),
                    LogBuilder.variable("Boot0001", program))
                .entry(
                    1,
                    LogEntry.EV_EFI_VARIABLE_BOOT,
                    Sha384.of(program),
                    LogBuilder.variable("BootOrder", program))
                .entry(
                    1,
                    LogEntry.EV_EFI_VARIABLE_BOOT,
                    Sha384.of(program),
                    LogBuilder.variable("Other", program))
                .digested(1, LogEntry.EV_EFI_ACTION, new byte[] {'M', 'Z', 0, 0})
                .digested(1, LogEntry.EV_EFI_GPT_EVENT, program)
                .digested(2, LogEntry.EV_IPL, program));
    assertEquals(6, facts.unexplained().size(), facts.toString());
  }

  @Test
  void aCommandLineCannotPassAsACommand() throws IOException {
    for (String bad :
        List.of("/vmlinuz init=/bin/sh", "(hd0)/vmlinuz init=/bin/sh", "0+100 init=/bin/sh")) {
      BootFacts facts = facts(new LogBuilder().loader("grub_cmd: ", bad));
      assertEquals(1, facts.unexplained().size(), bad);
    }
    BootFacts afterLinux =
        facts(
            new LogBuilder()
                .loader("grub_cmd: ", "linux vmlinuz init=/bin/sh")
                .file("vmlinuz", GOOD)
                .loader("grub_cmd: ", "vmlinuz init=/bin/sh")
                .loader("kernel_cmdline: ", LINE));
    assertEquals(2, afterLinux.unexplained().size(), afterLinux.toString());
    assertEquals(List.of(LINE), afterLinux.kernelCommandLines());
  }

  @Test
  void everyCommandLineIsTold() throws IOException {
    BootFacts facts =
        facts(
            new LogBuilder()
                .loader("grub_cmd: ", "linux " + LINE)
                .loader("kernel_cmdline: ", LINE)
                .loader("grub_kernel_cmdline ", "/other")
                .digested(2, LogEntry.EV_IPL, "stub line\0".getBytes(UTF_16LE)));
    assertEquals(List.of(LINE, "/other", "stub line"), facts.kernelCommandLines());
    assertEquals(List.of(), facts.unexplained());
  }

  @Test
  void bootCommandsHaveADigestOfTheirOwn() throws IOException {
    BootFacts facts =
        facts(new LogBuilder().loader("grub_cmd: ", "set a=b").loader("grub_cmd ", "insmod x"));
    assertEquals(
        Optional.of(hex(Sha384.of(LogBuilder.utf8("set a=b\ninsmod x\n")))),
        facts.bootCommandsDigest());
  }

  @Test
  void secureBootCountsOnlyBeforeTheFirstSeparatorOfItsRegister() throws IOException {
    assertEquals(
        Optional.of(true), facts(new LogBuilder().secureBoot(true).separator(0)).secureBoot());
    assertEquals(
        Optional.of(false), facts(new LogBuilder().secureBoot(false).separator(0)).secureBoot());
    assertEquals(
        Optional.empty(), facts(new LogBuilder().separator(0).secureBoot(true)).secureBoot());
    assertEquals(Optional.empty(), facts(new LogBuilder().secureBoot(true)).secureBoot());
    assertEquals(
        Optional.of(false),
        facts(new LogBuilder().secureBoot(false).secureBoot(true).separator(0)).secureBoot());
    // the separator is known by its digest, whatever the log calls it
    assertEquals(
        Optional.empty(),
        facts(
                new LogBuilder()
                    .entry(0, LogEntry.EV_IPL, Sha384.of(new byte[4]), new byte[] {1})
                    .secureBoot(true)
                    .separator(0))
            .secureBoot());
    // and the variable has to be what was digested
    assertEquals(
        Optional.empty(),
        facts(
                new LogBuilder()
                    .entry(
                        0,
                        LogEntry.EV_EFI_VARIABLE_DRIVER_CONFIG,
                        BAD,
                        LogBuilder.variable("SecureBoot", new byte[] {1}))
                    .separator(0))
            .secureBoot());
  }

  @Test
  void whatTheAgentDidNotDigestIsUnexplained() throws IOException {
    BootFacts facts =
        facts(
            new LogBuilder()
                .agent("a.example mount x y")
                .agent("too short")
                .entry(3, LogEntry.EV_EVENT_TAG, BAD, LogBuilder.utf8("LEAA")));
    assertEquals(List.of(new AgentEvent("a.example", "mount", "x y")), facts.agentEvents());
    assertEquals(2, facts.unexplainedInRtmr3().size());
  }

  @Test
  void labelsArePrintable() throws IOException {
    Measured measured =
        facts(new LogBuilder().file("a\nb\u202e" + "x".repeat(200), BAD)).unexplained().get(0);
    assertTrue(measured.label().matches("[ -~]{1,80}"), measured.label());
    assertEquals(Role.OTHER, measured.role());
  }

  @Test
  void commandLineDigestsHaveTheFormsThatEfiPasses() {
    List<String> digests = BootFacts.commandLineDigests("root=/dev/vda");
    assertTrue(digests.contains(hex(Sha384.of("root=/dev/vda\0".getBytes(UTF_16LE)))));
    assertTrue(digests.contains(hex(Sha384.of(LogBuilder.utf8("root=/dev/vda")))));
  }
}
