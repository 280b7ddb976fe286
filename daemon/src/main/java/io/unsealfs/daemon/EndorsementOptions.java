package io.unsealfs.daemon;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.collateral.CollateralDirectory;
import io.unsealfs.verify.collateral.CollateralFile;
import io.unsealfs.verify.dcap.EndorsementSource;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import io.unsealfs.verify.snp.AmdRoots;
import io.unsealfs.verify.snp.SnpDirectory;
import io.unsealfs.verify.snp.SnpEndorsements;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whom to trust and which time to assume; shared by the commands that verify. */
final class EndorsementOptions {
  private static final int MAX_ROOT_BYTES = 64 << 10;
  private static final int MAX_SNP_FILE_BYTES = 1 << 20;

  @Option(
      names = "--root",
      paramLabel = "FILE",
      description =
          "Certificate (DER or PEM) that replaces Intel's root, or AMD's; for test quotes only: whoever holds"
              + " its key can make any evidence.")
  @Nullable Path root;

  @Option(
      names = "--at",
      paramLabel = "TIME",
      description = "Judge as of this time, Unix seconds or RFC 3339 (default: now).")
  @Nullable String at;

  /** The root to trust; says loudly if it is not Intel's. */
  TrustedRoot trustedRoot() throws IOException {
    Path file = root;
    if (file == null) {
      return TrustedRoot.intel();
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_ROOT_BYTES);
    }
    TrustedRoot replaced =
        TrustedRoot.replacedBy(bytes)
            .orElseThrow(() ->
                new UsageException(
                    "--root " + file + ": not a self-signed P-256 authority in DER or PEM"));
    if (!replaced.isIntel()) {
      System.err.println(
          "INSECURE: --root " + file + " replaces Intel's root; the verdict proves nothing");
    }
    return replaced;
  }

  /** The roots to trust for SEV-SNP; says loudly if they are not AMD's. */
  AmdRoots amdRoots() throws IOException {
    Path file = root;
    if (file == null) {
      return AmdRoots.builtIn();
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_ROOT_BYTES);
    }
    AmdRoots replaced =
        AmdRoots.replacedBy(bytes)
            .orElseThrow(() ->
                new UsageException(
                    "--root " + file + ": no self-signed authorities named ARK-… with RSA 4096"));
    if (!replaced.areAmd()) {
      System.err.println(
          "INSECURE: --root " + file + " replaces AMD's roots; the verdict proves nothing");
    }
    return replaced;
  }

  /**
   * What SEV-SNP evidence is judged by: a file or a directory of certificates and revocation lists;
   * nothing if {@code collateral} is not given.
   */
  static SnpEndorsements snp(@Nullable Path collateral, AmdRoots roots) throws IOException {
    if (collateral != null && Files.isDirectory(collateral)) {
      return new SnpDirectory(collateral, roots, System::nanoTime).now();
    }
    SnpEndorsements.Builder builder = new SnpEndorsements.Builder(roots);
    if (collateral != null) {
      try (InputStream in = Files.newInputStream(collateral)) {
        builder.add(in.readNBytes(MAX_SNP_FILE_BYTES));
      } catch (VerificationException e) {
        throw new UsageException("--collateral " + collateral + ": " + e.getMessage());
      }
    }
    return builder.build();
  }

  /** The time to judge at. */
  Instant time() throws UsageException {
    String text = at;
    if (text == null) {
      return Instant.now();
    }
    try {
      return text.matches("[0-9]{1,12}")
          ? Instant.ofEpochSecond(Long.parseLong(text))
          : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw new UsageException(
          "--at " + text + ": neither Unix seconds nor a time such as 2026-01-31T12:00:00Z");
    }
  }

  /** Collateral of one file, or of a directory; empty if {@code collateral} is not given. */
  static Optional<EndorsementSource> source(@Nullable Path collateral, TrustedRoot root)
      throws IOException {
    if (collateral == null) {
      return Optional.empty();
    }
    if (Files.isDirectory(collateral)) {
      return Optional.of(new CollateralDirectory(collateral, root, System::nanoTime));
    }
    // a file that is not there is the caller's mistake and no verdict on the evidence
    Files.newInputStream(collateral).close();
    return Optional.of(new SingleFile(collateral, root));
  }

  /** One file for whatever is asked; what is wrong with it is a verdict. */
  private record SingleFile(Path file, TrustedRoot root) implements EndorsementSource {
    @Override
    public Endorsements find(PlatformType platform, Instant now) throws VerificationException {
      try {
        return Endorsements.load(CollateralFile.read(file), root);
      } catch (VerificationException e) {
        throw e;
      } catch (IOException e) {
        throw Failure.COLLATERAL_FORMAT.exception("a file that can be read", "an error", e);
      }
    }
  }
}
