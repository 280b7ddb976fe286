package io.unsealfs.attest.tdx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.vectors.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TdxAttesterTest {
  private static final ReportData DATA = ReportData.of(new byte[] {9, 8, 7});

  @TempDir private Path folder;
  private final FakeKernel kernel = new FakeKernel();
  private final List<Duration> pauses = new ArrayList<>();
  private Path root = Path.of("");

  @BeforeEach
  void makeRoot() throws IOException {
    root = Files.createDirectory(folder.resolve("report"));
  }

  @AfterEach
  void noReportStaysBehind() throws IOException {
    try (Stream<Path> left = Files.list(root)) {
      assertEquals(List.of(), left.toList());
    }
  }

  private TdxAttester attester(boolean allowDebug) {
    EventLog log = new EventLog(folder.resolve("table"), folder.resolve("data"));
    return new TdxAttester(root, log, allowDebug, kernel, pauses::add);
  }

  private String refusal() {
    return assertThrows(AttestationException.class, () -> attester(false).collect(DATA)).toString();
  }

  @Test
  void aQuoteIsCutToItsOwnLength() throws Exception {
    Evidence evidence = attester(false).collect(DATA);
    assertEquals("tdx", evidence.type());
    assertEquals(48 + 584 + 4 + 100, evidence.quote().length);
    assertArrayEquals(DATA.toBytes(), TdxQuote.parse(evidence.quote()).reportData());
    assertEquals(0, evidence.eventLog().length);
    assertEquals(1, kernel.created.size());
    assertTrue(pauses.isEmpty());
  }

  @Test
  void everyRequestHasADirectoryOfItsOwn() throws Exception {
    assertEquals("tdx", attester(false).collect(DATA).type());
    assertEquals("tdx", attester(false).collect(DATA).type());
    assertNotEquals(kernel.created.get(0), kernel.created.get(1));
  }

  @Test
  void theEventLogIsCutToItsUsedPart() throws Exception {
    Files.write(folder.resolve("table"), Vectors.bytes("tdx/gotdx-cos113-ccel-acpi-table.dat"));
    Files.write(folder.resolve("data"), Vectors.bytes("tdx/gotdx-cos113-ccel.dat"));
    assertEquals(18101, attester(false).collect(DATA).eventLog().length);
  }

  @Test
  void otherProvidersAreNoTdxGuest() {
    kernel.provider = "sev_guest\n";
    assertTrue(refusal().contains("sev_guest"));
  }

  @Test
  void anAbsentRootNamesWhatIsNeeded() {
    TdxAttester attester = new TdxAttester(folder.resolve("absent"), folder, folder, false);
    assertFalse(attester.isAvailable());
    String message =
        assertThrows(AttestationException.class, () -> attester.collect(DATA)).toString();
    assertTrue(message.contains("does not exist"), message);
    assertTrue(attester(false).isAvailable());
  }

  @Test
  void anEmptyQuoteNamesTheQuotingServiceAndIsNotRetried() {
    kernel.quoting = asked -> new byte[0];
    assertTrue(refusal().contains("quote generation service"));
    assertEquals(1, kernel.created.size());
  }

  @Test
  void moreThanTheClassicBufferIsAnotherFormat() {
    kernel.quoting = asked -> new byte[(8 << 10) + 1];
    assertTrue(refusal().contains("8 KiB"));
  }

  @Test
  void aForeignQuoteIsRefused() throws Exception {
    byte[] recorded = Vectors.bytes("tdx/gotdx-cos113-quote.dat");
    kernel.quoting = asked -> recorded;
    assertTrue(refusal().contains("does not cover what was asked"));
  }

  @Test
  void aDebuggableTdIsRefusedUnlessAllowed() throws Exception {
    kernel.quoting =
        asked -> {
          byte[] quote = FakeKernel.quote(asked);
          quote[48 + 120] = 1;
          return quote;
        };
    assertTrue(refusal().contains("DEBUG"));
    assertEquals("tdx", attester(true).collect(DATA).type());
  }

  @Test
  void aReportSomebodyElseWroteIntoIsThrownAway() throws Exception {
    kernel.foreignWrites = 1;
    assertEquals("tdx", attester(false).collect(DATA).type());
    assertEquals(2, kernel.created.size());
    assertNotEquals(kernel.created.get(0), kernel.created.get(1));
  }

  @Test
  void whatCanPassIsRetriedWithGrowingPauses() throws Exception {
    kernel.outblobErrors.addAll(
        List.of(
            "Device or resource busy",
            "Interrupted system call",
            "Connection timed out",
            "Resource temporarily unavailable"));
    assertEquals("tdx", attester(false).collect(DATA).type());
    assertEquals(4, pauses.size());
    for (int i = 0; i < 4; i++) {
      Duration most = Duration.ofSeconds(1L << i);
      assertTrue(pauses.get(i).compareTo(most) <= 0, pauses::toString);
      assertTrue(pauses.get(i).compareTo(most.dividedBy(2)) >= 0, pauses::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Device or resource busy, 5, busy",
    "Connection timed out, 5, quote generation service",
    "Input/output error, 3, refused",
    "something new, 3, refused",
    "No such device or address, 1, provider",
    "File too large, 1, larger",
    "Invalid argument, 1, malformed",
    "Permission denied, 1, root"
  })
  void everyErrorHasItsTriesAndItsCure(String error, int tries, String cure) {
    kernel.outblobErrors.addAll(Collections.nCopies(9, error));
    String message = refusal();
    assertEquals(tries, kernel.created.size());
    assertTrue(message.contains(cure), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 48, 48 + 584})
  void whatIsNoTdxQuoteIsRefused(int changed) {
    kernel.quoting =
        asked -> {
          byte[] quote = FakeKernel.quote(asked);
          quote[changed + (changed == 48 + 584 ? 2 : 0)] ^= (byte) (changed == 48 ? 0 : 0x7f);
          if (changed == 48) {
            quote[0] = 5;
          }
          return quote;
        };
    assertTrue(refusal().contains(": quote "));
  }
}
