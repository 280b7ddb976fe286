package io.unsealfs.daemon.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.NoneAttester;
import io.unsealfs.attest.ReportData;
import io.unsealfs.daemon.doctor.Diagnosis.Level;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each thing broken once, and the line that says so with its cure. */
class HostFindingsTest {
  @TempDir Path root;

  private static void assertFinding(Level level, String finding, String cure, Diagnosis found) {
    assertEquals(level, found.level(), found.line());
    assertTrue(found.finding().contains(finding), found.line());
    assertTrue(found.mend().contains(cure), found.line());
    assertEquals(1, found.line().lines().count());
  }

  @Test
  void anOldJavaFails() {
    assertFinding(Level.FAIL, "collector", "JDK 25", HostChecks.java(21));
    assertEquals(Level.OK, HostChecks.java(25).level());
  }

  @Test
  void aMachineTooSmallForACacheIsWorthMending() {
    assertFinding(Level.WARN, "default cache 4 MiB", "512 MiB", HostChecks.memory(4 << 20));
    assertEquals(Level.OK, HostChecks.memory(256 << 20).level());
  }

  @Test
  void memoryThatCannotBeLockedIsWorthMending() {
    assertFinding(
        Level.WARN,
        "only 8 KiB: keys may be swapped out",
        "LimitMEMLOCK=infinity",
        HostChecks.lockableMemory(OptionalLong.of(8 << 10)));
    assertEquals(Level.OK, HostChecks.lockableMemory(OptionalLong.empty()).level());
    assertEquals(Level.OK, HostChecks.lockableMemory(OptionalLong.of(64 << 10)).level());
  }

  @Test
  void aSlowCipherIsWorthMending() {
    assertFinding(Level.WARN, "0.1 GiB/s", "aes and pclmulqdq", CipherSpeed.of(0.1));
    assertEquals(Level.OK, CipherSpeed.of(3).level());
  }

  @Test
  void credentialsThatCannotBeReadAreWorthMending() {
    assertFinding(
        Level.WARN,
        "which cannot be read",
        "LoadCredential=",
        HostChecks.credentials(root.resolve("gone").toString()));
    assertEquals(Level.OK, HostChecks.credentials(root.toString()).level());
    assertEquals(Level.OK, HostChecks.credentials(null).level());
  }

  private Path write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private Diagnosis swap() {
    return SwapCheck.of(root.resolve("proc"), root.resolve("cgroup"));
  }

  @Test
  void swapIsWorthAWarningUnlessTheControlGroupForbidsIt() throws IOException {
    write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
    assertEquals("ok   swap: none", swap().line());
    write(
        "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2   partition\t999\t0\t-2\n");
    assertFinding(Level.WARN, "/dev/sda2: decrypted blocks may", "MemorySwapMax=0", swap());
    write("proc/self/cgroup", "0::/system.slice/one.service\n");
    write("cgroup/system.slice/one.service/memory.swap.max", "max\n");
    assertEquals(Level.WARN, swap().level());
    write("cgroup/system.slice/one.service/memory.swap.max", "0\n");
    assertEquals(Level.OK, swap().level());
    write("cgroup/system.slice/one.service/memory.swap.max", "max\n");
    write("cgroup/system.slice/memory.swap.max", "0\n");
    assertEquals(Level.OK, swap().level());
  }

  /** A TEE that does as it is told. */
  private record MadeUpTee(boolean hangs) implements Attester {
    @Override
    public String name() {
      return "tdx";
    }

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public Evidence collect(ReportData reportData) throws AttestationException {
      if (!hangs) {
        throw new AttestationException("the quoting service refused");
      }
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new AttestationException("interrupted");
    }
  }

  @Test
  void aTeeThatMakesNoQuoteFails() throws InterruptedException {
    assertFinding(
        Level.FAIL,
        "tdx: the quoting service refused",
        "qgsd",
        EvidenceFinding.of(new MadeUpTee(false), false, Duration.ofMinutes(1)));
    assertFinding(
        Level.FAIL,
        "no quote within 0 s",
        "qgsd",
        EvidenceFinding.of(new MadeUpTee(true), false, Duration.ofMillis(50)));
  }

  @Test
  void noTeeAtAllIsWorthAWarning() throws InterruptedException {
    assertFinding(
        Level.WARN,
        "key services will refuse this host",
        "load tdx_guest",
        EvidenceFinding.of(new NoneAttester(), false, Duration.ofSeconds(1)));
    assertFinding(
        Level.WARN,
        "by --attester none",
        "",
        EvidenceFinding.of(new NoneAttester(), true, Duration.ofSeconds(1)));
  }

  @Test
  void collateralThatIsNoneFails() throws IOException {
    Path empty = Files.createDirectory(root.resolve("empty"));
    assertFinding(
        Level.FAIL,
        "no *.json file",
        "unsealfs collateral fetch",
        CollateralChecks.of(empty, TrustedRoot.intel(), Instant.now(), 7).getFirst());
    Path bad = write("bad.json", "{}");
    assertFinding(
        Level.FAIL,
        "",
        "unsealfs collateral fetch",
        CollateralChecks.of(bad, TrustedRoot.intel(), Instant.now(), 7).getFirst());
    assertFalse(
        CollateralChecks.of(bad, TrustedRoot.intel(), Instant.now(), 7)
            .getFirst()
            .finding()
            .isBlank());
  }
}
