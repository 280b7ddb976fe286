package io.unsealfs.attest.snp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.EvidenceFile;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.tsm.TsmFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnpAttesterTest {
  private static final ReportData DATA = ReportData.of(new byte[] {9, 8, 7});
  private static final byte[] TABLE = new byte[24];

  @TempDir private Path folder;
  private Path root = Path.of("");
  private final Kernel kernel = new Kernel();

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

  /** Plays configfs-tsm of an SEV-SNP guest in a plain directory. */
  private static final class Kernel extends TsmFiles {
    String provider = "sev_guest\n";
    byte[] table = TABLE;
    UnaryOperator<byte[]> signing = SnpAttesterTest::report;

    @Override
    public void create(Path report) throws IOException {
      super.create(report);
      Files.writeString(report.resolve("provider"), provider);
      Files.createFile(report.resolve("inblob"));
    }

    @Override
    public void write(Path attribute, byte[] bytes) throws IOException {
      super.write(attribute, bytes);
      Path report = attribute.resolveSibling(".");
      Files.write(report.resolve("outblob"), signing.apply(bytes));
      Files.write(report.resolve("auxblob"), table);
      Files.writeString(report.resolve("generation"), "1\n");
    }

    @Override
    public void remove(Path report) throws IOException {
      try (Stream<Path> files = Files.list(report)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      super.remove(report);
    }
  }

  private static byte[] report(byte[] reportData) {
    ByteBuffer report = ByteBuffer.allocate(0x4A0).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, 3).putLong(8, 0x30000).putInt(0x34, 1).put(0x50, reportData);
    return report.array();
  }

  private SnpAttester attester(boolean allowDebug) {
    return new SnpAttester(root, folder.resolve("device"), allowDebug, kernel, _ -> {});
  }

  private String refusal() {
    return assertThrows(AttestationException.class, () -> attester(false).collect(DATA)).toString();
  }

  @Test
  void theEvidenceIsTheReportAndTheCertificates() throws Exception {
    Evidence evidence = attester(false).collect(DATA);
    assertEquals("snp", evidence.type());
    assertArrayEquals(report(DATA.toBytes()), Arrays.copyOf(evidence.quote(), 0x4A0));
    assertEquals(0x4A0 + TABLE.length, evidence.quote().length);
    assertEquals("snp", EvidenceFile.read(evidence.quote()).evidence().type());
    kernel.table = new byte[0];
    assertEquals(0x4A0, attester(false).collect(DATA).quote().length);
  }

  @Test
  void whatIsNotAskedForIsRefused() {
    kernel.signing = _ -> report(new byte[64]);
    assertTrue(refusal().contains("does not cover"), refusal());
    kernel.signing = data -> Arrays.copyOf(report(data), 0x4A1);
    assertTrue(refusal().contains("newer format"), refusal());
    kernel.signing = _ -> new byte[0];
    assertTrue(refusal().contains("empty"), refusal());
    kernel.signing = SnpAttesterTest::report;
    kernel.table = new byte[(16 << 10) + 1];
    assertTrue(refusal().contains("larger"), refusal());
  }

  @Test
  void aGuestThatCanBeDebuggedIsRefusedUnlessLookedAt() throws Exception {
    kernel.signing =
        data -> {
          byte[] report = report(data);
          report[10] |= 1 << 3;
          return report;
        };
    assertTrue(refusal().contains("debugging"), refusal());
    assertEquals("snp", attester(true).collect(DATA).type());
  }

  @Test
  void anotherTeeIsNamed() {
    kernel.provider = "tdx_guest\n";
    assertTrue(refusal().contains("tdx_guest, not sev_guest"), refusal());
  }

  @Test
  void itIsThereWhereItsDeviceIs() throws IOException {
    assertFalse(attester(false).isAvailable());
    Files.createFile(folder.resolve("device"));
    assertTrue(attester(false).isAvailable());
  }
}
