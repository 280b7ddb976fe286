package io.unsealfs.verify.collateral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollateralDirectoryTest {
  private static final Instant NOW = Instant.ofEpochSecond(1751328000);
  private static final PlatformType PLATFORM =
      new PlatformType(Claims.Tee.TDX, "b0c06f000000", PlatformType.Authority.PLATFORM);

  private final AtomicLong nanos = new AtomicLong();
  @TempDir Path files = Path.of("");

  private CollateralDirectory open() throws IOException {
    return new CollateralDirectory(files, TrustedRoot.intel(), nanos::get);
  }

  private void put(String vector) throws IOException {
    CollateralFile.write(
        files.resolve(vector + ".json"),
        Collateral.read(Vectors.bytes("tdx-quotes/" + vector + "-collateral.json")));
  }

  private static String failure(CollateralDirectory directory) {
    return assertThrows(VerificationException.class, () -> directory.find(PLATFORM, NOW))
        .failure()
        .name();
  }

  @Test
  void eachPlatformGetsItsOwn() throws IOException {
    put("v4-uptodate");
    put("v4-20a06f");
    put("sgx-v3");
    CollateralDirectory directory = open();
    assertEquals(PLATFORM, directory.find(PLATFORM, NOW).platform());
    PlatformType sgx =
        new PlatformType(Claims.Tee.SGX, "00a067110000", PlatformType.Authority.PROCESSOR);
    assertEquals(sgx, directory.find(sgx, NOW).platform());
    assertEquals(3, directory.all().size());
  }

  @Test
  void whatIsNotThereIsSaidToBeMissing() throws IOException {
    put("v4-20a06f");
    assertEquals("COLLATERAL_MISSING", failure(open()));
  }

  @Test
  void whatIsWrongWithABadFileIsSaidWhereNothingElseFits() throws IOException {
    Files.write(files.resolve("a.json"), new byte[] {'{'});
    CollateralDirectory directory = open();
    assertEquals("COLLATERAL_FORMAT", failure(directory));
    assertInstanceOf(CollateralDirectory.Found.Bad.class, directory.all().get("a.json"));
    put("v4-uptodate");
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertEquals(PLATFORM, directory.find(PLATFORM, NOW).platform());
  }

  @Test
  void newFilesAreSeenAfterAWhileAndRemovedOnesAreGone() throws IOException {
    CollateralDirectory directory = open();
    assertEquals("COLLATERAL_MISSING", failure(directory));
    put("v4-uptodate");
    assertEquals("COLLATERAL_MISSING", failure(directory));
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertEquals(PLATFORM, directory.find(PLATFORM, NOW).platform());
    Files.delete(files.resolve("v4-uptodate.json"));
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertEquals("COLLATERAL_MISSING", failure(directory));
  }

  @Test
  void aDirectoryThatIsNotThereIsNoDirectory() {
    assertThrows(
        IOException.class,
        () -> new CollateralDirectory(files.resolve("absent"), TrustedRoot.intel(), nanos::get));
  }
}
