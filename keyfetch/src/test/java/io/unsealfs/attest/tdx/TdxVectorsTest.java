package io.unsealfs.attest.tdx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.vectors.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recorded quotes and event logs. */
class TdxVectorsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "trustee-quote-v4-debug.dat, 4, 4936, true, 7c71fe2c",
    "trustee-quote-v5.dat, 5, 5006, false, 6d6ab13b",
    "gotdx-cos113-quote.dat, 4, 4935, false, 00000000",
    "qvl-quote-v4.dat, 4, 4936, false, 9a9d48e7"
  })
  void quotesAreReadAsRecorded(
      String file, int version, int length, boolean debug, String reportData) throws Exception {
    TdxQuote quote = TdxQuote.parse(Vectors.bytes("tdx/" + file));
    assertEquals(version, quote.version());
    assertEquals(length, quote.toBytes().length);
    assertEquals(debug, quote.isDebug());
    assertEquals(reportData, HexFormat.of().formatHex(quote.reportData(), 0, 4));
  }

  @ParameterizedTest
  @CsvSource({"trustee-quote-v4-debug.dat", "trustee-quote-v5.dat"})
  void everyTruncationIsRefused(String file) throws Exception {
    byte[] quote = TdxQuote.parse(Vectors.bytes("tdx/" + file)).toBytes();
    for (int length = 0; length < quote.length; length++) {
      byte[] cut = Arrays.copyOf(quote, length);
      assertThrows(AttestationException.class, () -> TdxQuote.parse(cut));
    }
  }

  @Test
  void aTdReportIsNoQuote() throws Exception {
    byte[] report = Vectors.bytes("tdx/gotdx-tdreport.dat");
    assertThrows(AttestationException.class, () -> TdxQuote.parse(report));
  }

  @ParameterizedTest
  @CsvSource({
    "gotdx-cos113-ccel.dat, 18101",
    "trustee-ccel-aael-alibabacloud.bin, 11707",
    "trustee-ccel-ovmf.bin, 2120"
  })
  void logsEndWhereTheyAreRecordedToEnd(String file, int used) throws Exception {
    assertEquals(used, EventLog.usedBytes(Vectors.bytes("tdx/" + file)));
  }

  @Test
  void aLogPaddedWithZerosEndsToo() throws Exception {
    byte[] area = Vectors.bytes("tdx/trustee-ccel-tdshim.bin");
    int used = EventLog.usedBytes(area);
    assertEquals(9822, used);
    assertArrayEquals(new byte[8], Arrays.copyOfRange(area, used, used + 8));
  }

  @Test
  void aLogCutInsideAnEntryIsRefused() throws Exception {
    byte[] area = Vectors.bytes("tdx/trustee-ccel-ovmf.bin");
    assertThrows(IOException.class, () -> EventLog.usedBytes(Arrays.copyOf(area, 2119)));
    assertThrows(IOException.class, () -> EventLog.usedBytes(Arrays.copyOf(area, 20)));
    assertEquals(2120, EventLog.usedBytes(Arrays.copyOf(area, 2120)));
  }

  @Test
  void aDamagedLogIsLeftOutWhole() throws Exception {
    byte[] table = Vectors.bytes("tdx/gotdx-cos113-ccel-acpi-table.dat");
    byte[] data = Vectors.bytes("tdx/gotdx-cos113-ccel.dat");
    EventLog log =
        new EventLog(
            Files.write(folder.resolve("table"), table), Files.write(folder.resolve("data"), data));
    assertEquals(18101, log.read().length);

    byte[] damaged = data.clone();
    damaged[4] = 9;
    Files.write(folder.resolve("data"), damaged);
    assertEquals(0, log.read().length);

    Files.write(folder.resolve("data"), data);
    table[36] = 1;
    Files.write(folder.resolve("table"), table);
    assertEquals(0, log.read().length);
  }
}
