package io.unsealfs.verify.eventlog;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What a log proves about how a TD was started, if its registers match a verified quote and its
 * firmware (MRTD) is a known one.
 *
 * <p>Whoever shows the log also writes the text beside each digest, and can extend registers after
 * the boot. So nothing here follows from text alone: an entry is <em>explained</em> if its digest
 * is that of its own text, and what is <em>unexplained</em> is a digest of code or data that is not
 * in the log. Who accepts a boot has to accept every unexplained digest and every command line of
 * RTMR1 and RTMR2; otherwise a bad kernel could hide behind another label while a good one's digest
 * is extended later.
 *
 * @param secureBoot whether the firmware enforced Secure Boot; empty if it did not say so before it
 *     handed over
 * @param kernelCommandLines command lines that are in the log as text
 * @param bootCommandsDigest SHA-384, hex, of the boot loader's commands in order, each with a
 *     newline; empty if it logged none
 * @param unexplained the unexplained digests of RTMR1 and RTMR2
 * @param agentEvents what the attestation agent recorded in RTMR3
 * @param unexplainedInRtmr3 the unexplained digests of RTMR3, hex
 */
public record BootFacts(
    Optional<Boolean> secureBoot,
    List<String> kernelCommandLines,
    Optional<String> bootCommandsDigest,
    List<Measured> unexplained,
    List<AgentEvent> agentEvents,
    List<String> unexplainedInRtmr3) {

  /** Copies the lists. */
  public BootFacts {
    kernelCommandLines = List.copyOf(kernelCommandLines);
    unexplained = List.copyOf(unexplained);
    agentEvents = List.copyOf(agentEvents);
    unexplainedInRtmr3 = List.copyOf(unexplainedInRtmr3);
  }

  /** What the log says a digest is of: a hint for people, which proves nothing. */
  public enum Role {
    /** The kernel. */
    KERNEL,
    /** The initial RAM disk. */
    INITRD,
    /** The kernel's command line, of which the log holds the digest only. */
    KERNEL_COMMAND_LINE,
    /** A program that the firmware started: a boot loader, or a kernel that is one itself. */
    BOOT_APPLICATION,
    /** Anything else. */
    OTHER
  }

  /**
   * A digest whose text the log does not hold.
   *
   * @param rtmr 1 or 2
   * @param role what the log says it is
   * @param label the log's own words, printable and cut
   * @param digest SHA-384, hex
   */
  public record Measured(int rtmr, Role role, String label, String digest) {}

  /**
   * What an attestation agent recorded.
   *
   * @param domain who named the operation
   * @param operation what was done
   * @param content with what
   */
  public record AgentEvent(String domain, String operation, String content) {}

  /** The facts of a log. */
  public static BootFacts of(EventLog log) {
    List<Measured> unexplained = new ArrayList<>();
    BootLoaderEntries loader = new BootLoaderEntries();
    for (LogEntry entry : log.entries()) {
      if (entry.rtmr() == 1 && !FirmwareEntries.isExplained(entry)) {
        Optional<String> commandLine = FirmwareEntries.shimCommandLine(entry);
        if (commandLine.isPresent()) {
          loader.addCommandLine(commandLine.get());
        } else {
          unexplained.add(Labels.measured(entry));
        }
      } else if (entry.rtmr() == 2 && !loader.explain(entry)) {
        unexplained.add(Labels.measured(entry));
      }
    }
    AgentEntries agent = AgentEntries.of(log);
    return new BootFacts(
        FirmwareEntries.secureBoot(log.entries()),
        loader.commandLines(),
        loader.commandsDigest(),
        Labels.withRoles(unexplained, loader),
        agent.events(),
        agent.unexplained());
  }

  /**
   * The digests, hex, that a kernel or its loader may record for a command line: of the text, of
   * the text with its final zero, and the same in UTF-16 as EFI passes it.
   */
  public static List<String> commandLineDigests(String text) {
    MessageDigest sha384 = Sha384.create();
    HexFormat hex = HexFormat.of();
    List<String> digests = new ArrayList<>();
    for (String form : List.of(text, text + "\0")) {
      digests.add(hex.formatHex(sha384.digest(form.getBytes(StandardCharsets.UTF_8))));
      digests.add(hex.formatHex(sha384.digest(form.getBytes(StandardCharsets.UTF_16LE))));
    }
    return digests;
  }
}
