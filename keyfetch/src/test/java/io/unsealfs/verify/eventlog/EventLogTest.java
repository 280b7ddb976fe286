package io.unsealfs.verify.eventlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventLogTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final int RTMR0_IN_V4 = 48 + 328;
  private static final byte[] DIGEST = Sha384.of(new byte[] {7});

  private static List<String> registers(byte[] log) throws EventLogException {
    return Arrays.stream(EventLog.parse(log).replay()).map(HEX::formatHex).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "trustee-ccel-aael-alibabacloud.bin, 87, b796e1c1, 3b0b9061, 35f28013, 5e4ecd49",
    "trustee-ccel-ovmf.bin, 20, 8566f998, 775b9f6b, 94eaf7a7, 00000000",
    "gotdx-cos113-ccel.dat, 43, 3fa2f61f, f62dbc07, 4969684d, 00000000",
    "trustee-ccel-tdshim.bin, 5, 2dc71230, 0fa3be56, 00000000, 00000000"
  })
  void recordedLogsReplayAsRecorded(
      String file, int entries, String rtmr0, String rtmr1, String rtmr2, String rtmr3)
      throws IOException {
    byte[] log = Vectors.bytes("tdx/" + file);
    assertEquals(entries, EventLog.parse(log).size());
    assertEquals(
        List.of(rtmr0, rtmr1, rtmr2, rtmr3),
        registers(log).stream().map(r -> r.substring(0, 8)).toList());
  }

  private static String quoted(byte[] quote, int rtmr) {
    int at = RTMR0_IN_V4 + 48 * rtmr;
    return HEX.formatHex(quote, at, at + 48);
  }

  @Test
  void aRecordedLogLeadsToTheRegistersOfItsQuote() throws IOException {
    byte[] quote = Vectors.bytes("tdx/gotdx-cos113-quote.dat");
    EventLog log = EventLog.parse(Vectors.bytes("tdx/gotdx-cos113-ccel.dat"));
    assertEquals(List.of(), log.mismatches(i -> quoted(quote, i)));
  }

  @Test
  void aLogThatDoesNotBelongToAQuoteNamesTheRegisters() throws IOException {
    byte[] quote = Vectors.bytes("tdx/trustee-quote-v4-debug.dat");
    EventLog log = EventLog.parse(Vectors.bytes("tdx/trustee-ccel-tdshim.bin"));
    List<EventLog.RegisterMismatch> found = log.mismatches(i -> quoted(quote, i));
    assertEquals(
        List.of("rtmr0", "rtmr1"),
        found.stream().map(EventLog.RegisterMismatch::register).toList());
    assertTrue(found.get(0).quote().startsWith("e940da7c"), found.toString());
    assertTrue(found.get(0).log().startsWith("2dc71230"), found.toString());
  }

  @ParameterizedTest
  @CsvSource({"trustee-ccel-ovmf.bin, 2120", "trustee-ccel-aael-alibabacloud.bin, 11707"})
  void aTruncatedLogIsRefusedOrLeadsElsewhere(String file, int used) throws IOException {
    byte[] log = Vectors.bytes("tdx/" + file);
    List<String> whole = registers(log);
    int refused = 0;
    for (int length = 0; length < used; length++) {
      byte[] cut = Arrays.copyOf(log, length);
      try {
        assertFalse(registers(cut).equals(whole), "cut to " + length);
      } catch (EventLogException e) {
        assertOneLine(e);
        refused++;
      }
    }
    assertTrue(refused > used / 2, "refused " + refused);
    assertEquals(whole, registers(Arrays.copyOf(log, used)));
  }

  @Test
  void aFlippedByteIsRefusedOrLeadsElsewhereOrChangesNoDigest() throws IOException {
    byte[] log = Arrays.copyOf(Vectors.bytes("tdx/trustee-ccel-ovmf.bin"), 2120);
    List<String> whole = registers(log);
    List<String> digests = EventLog.parse(log).entries().stream().map(LogEntry::digestHex).toList();
    for (int at = 0; at < log.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = log.clone();
        flipped[at] ^= (byte) (1 << bit);
        try {
          EventLog parsed = EventLog.parse(flipped);
          boolean sameDigests =
              digests.equals(parsed.entries().stream().map(LogEntry::digestHex).toList());
          assertTrue(!registers(flipped).equals(whole) || sameDigests, "flip at " + at);
          BootFacts.of(parsed);
        } catch (EventLogException e) {
          assertOneLine(e);
        }
      }
    }
  }

  @Test
  void anEntryThatDoesNotCountIsSkippedAnywhere() throws EventLogException {
    byte[] plain = new LogBuilder().application(DIGEST).bytes();
    byte[] withNoAction =
        new LogBuilder().entry(7, 3, DIGEST, new byte[5]).application(DIGEST).bytes();
    assertEquals(registers(plain), registers(withNoAction));
  }

  @Test
  void otherDigestsBesideSha384AreSkipped() throws EventLogException {
    byte[] both =
        new LogBuilder()
            .raw(LogBuilder.ints(2, LogEntry.EV_EFI_BOOT_SERVICES_APPLICATION, 2))
            .raw(new byte[] {0x0b, 0})
            .raw(new byte[32])
            .raw(new byte[] {0x0c, 0})
            .raw(DIGEST)
            .raw(LogBuilder.ints(0))
            .bytes();
    assertEquals(registers(new LogBuilder().application(DIGEST).bytes()), registers(both));
  }

  private static void assertRefused(LogBuilder log, String says) {
    String message =
        assertOneLine(assertThrows(EventLogException.class, () -> EventLog.parse(log.bytes())));
    assertTrue(message.contains(says), message);
  }

  private static String assertOneLine(EventLogException e) {
    String message = String.valueOf(e.getMessage());
    assertFalse(message.contains("\n"), message);
    return message;
  }

  @Test
  void whatCannotBeReplayedIsRefused() {
    assertRefused(new LogBuilder().entry(-1, 4, DIGEST, new byte[0]), "register 0");
    assertRefused(new LogBuilder().entry(4, 4, DIGEST, new byte[0]), "register 5");
    assertRefused(new LogBuilder().raw(LogBuilder.ints(1, 4, 0, 0)), "claims 0 digests");
    assertRefused(new LogBuilder().raw(LogBuilder.ints(1, 4, -1, 0)), "claims 4294967295 digests");
    assertRefused(
        new LogBuilder().raw(LogBuilder.ints(1, 4, 1)).raw(new byte[] {9, 0, 0, 0}),
        "algorithm 0x9");
    assertRefused(
        new LogBuilder()
            .raw(LogBuilder.ints(1, 4, 1))
            .raw(new byte[] {4, 0})
            .raw(new byte[20])
            .raw(LogBuilder.ints(0)),
        "no SHA-384");
    assertRefused(
        new LogBuilder()
            .raw(LogBuilder.ints(1, 4, 2))
            .raw(new byte[] {0x0c, 0})
            .raw(DIGEST)
            .raw(new byte[] {0x0c, 0})
            .raw(DIGEST)
            .raw(LogBuilder.ints(0)),
        "two SHA-384");
    assertRefused(
        new LogBuilder()
            .raw(LogBuilder.ints(1, 4, 1))
            .raw(new byte[] {0x0c, 0})
            .raw(DIGEST)
            .raw(LogBuilder.ints(-1)),
        "cut short");
  }

  @Test
  void aLogWithoutItsHeadOrTooLargeIsRefused() {
    byte[] noSpecification = new LogBuilder().bytes();
    noSpecification[4] = 4;
    assertThrows(EventLogException.class, () -> EventLog.parse(noSpecification));
    byte[] oldForm = new LogBuilder().bytes();
    oldForm[32] = 'X';
    assertThrows(EventLogException.class, () -> EventLog.parse(oldForm));
    assertThrows(EventLogException.class, () -> EventLog.parse(new byte[(1 << 20) + 1]));
    LogBuilder many = new LogBuilder();
    for (int i = 0; i <= 1 << 14; i++) {
      many.raw(LogBuilder.ints(1, 3, 1))
          .raw(new byte[] {4, 0})
          .raw(new byte[20])
          .raw(LogBuilder.ints(0));
    }
    assertRefused(many, "entries");
  }
}
