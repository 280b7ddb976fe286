package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.attest.EvidenceFile;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.dcap.QuoteVerifier;
import io.unsealfs.verify.dcap.TrustedRoot;
import io.unsealfs.verify.snp.AmdRoots;
import io.unsealfs.verify.snp.ReportVerifier;
import io.unsealfs.verify.snp.SnpEndorsements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Parsers and verdicts of the side that judges evidence. */
final class VerifyTargets {
  private static final Instant NOW = Instant.ofEpochSecond(1751328000);
  private static final List<byte[]> NUMBERS =
      List.of(
          new byte[] {3, 0},
          new byte[] {4, 0},
          new byte[] {5, 0},
          new byte[] {(byte) 0x81, 0, 0, 0},
          new byte[] {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF},
          "-----BEGIN CERTIFICATE-----\n".getBytes(UTF_8),
          "-----END CERTIFICATE-----\n".getBytes(UTF_8));

  private VerifyTargets() {}

  private static Path file(String name) {
    return CipherVolume.vectors().resolveSibling("tdx-quotes").resolve(name);
  }

  private static List<byte[]> files(String... names) throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (String name : names) {
      files.add(Files.readAllBytes(file(name)));
    }
    return files;
  }

  private static List<byte[]> quotes() throws IOException {
    return files("v4-uptodate.dat", "v5-alibaba.dat", "sgx-v3.dat");
  }

  static FuzzTarget quote() throws IOException {
    return new ParserTarget(
        "quote",
        quotes(),
        NUMBERS,
        input -> {
          Quote quote = Quote.parse(input, true);
          Claims claims = quote.claims();
          if (claims.bytes(Claims.Field.REPORT_DATA).orElseThrow().length != 64) {
            throw new AssertionError("a quote without report data");
          }
          QuoteVerifier.platform(quote);
        });
  }

  /** Whatever a change does, what is accepted says what was signed. */
  static FuzzTarget quoteVerdict() throws IOException {
    byte[] original = Files.readAllBytes(file("v4-uptodate.dat"));
    Claims signed = Quote.parse(original).claims();
    Endorsements endorsements =
        Endorsements.load(
            Collateral.read(Files.readAllBytes(file("v4-uptodate-collateral.json"))),
            TrustedRoot.intel());
    QuoteVerifier verifier = new QuoteVerifier(QuoteVerifier.Minimum.NONE);
    return new ParserTarget(
        "quote-verdict",
        List.of(original),
        NUMBERS,
        input -> {
          Claims verified = verifier.verify(Quote.parse(input), endorsements, NOW);
          signed
              .all()
              .forEach((field, hex) -> {
                if (!verified.hex(field).orElse("").equals(hex)) {
                  throw new AssertionError("a changed quote was accepted: " + field);
                }
              });
        });
  }

  /** A report with a certificate table of three entries; nothing made here is ever genuine. */
  static FuzzTarget snpReport() throws IOException {
    ByteBuffer evidence = ByteBuffer.allocate(0x4A0 + 4 * 24 + 3 * 64);
    evidence.order(ByteOrder.LITTLE_ENDIAN);
    evidence.putInt(0, 3).putLong(8, 0x30000).putInt(0x34, 1);
    String[] guids = {
      "63da758de6644564adc5f4b93be8accd",
      "4ab7b379bbac4fe4a02f05aef327c782",
      "c0b406a4a803495297433fb6014cd0ae"
    };
    for (int i = 0; i < guids.length; i++) {
      evidence.position(0x4A0 + 24 * i);
      evidence.put(HexFormat.of().parseHex(guids[i])).putInt(96 + 64 * i).putInt(64);
    }
    byte[] older = Arrays.copyOf(evidence.array(), 0x4A0);
    older[0] = 2;
    SnpEndorsements endorsements = new SnpEndorsements.Builder(AmdRoots.builtIn()).build();
    return new ParserTarget(
        "snp-report",
        List.of(evidence.array(), older),
        Stream.concat(
                NUMBERS.stream(),
                Stream.of(HexFormat.of().parseHex(guids[0]), new byte[] {0x30, (byte) 0x82, 1, 0}))
            .toList(),
        input -> {
          Claims claims = ReportVerifier.claims(input);
          if (claims.bytes(Claims.Field.REPORT_DATA).orElseThrow().length != 64) {
            throw new AssertionError("a report without report data");
          }
          try {
            ReportVerifier.verify(input, endorsements, NOW);
          } catch (VerificationException e) {
            // what stands for itself, so that it shows whether anything gets this far
            if (Arrays.equals(input, older) || Arrays.equals(input, evidence.array())) {
              return;
            }
            throw e;
          }
          throw new AssertionError("a report that nobody signed was accepted");
        });
  }

  private static List<byte[]> words() {
    return Stream.of("{", "}", "[", "\"", "\\n", "\"tcb_info\":", "1e400", "\\u0000", "\\ud800")
        .map(text -> text.getBytes(UTF_8))
        .toList();
  }

  static FuzzTarget collateral() throws IOException {
    return new ParserTarget(
        "collateral",
        files("v4-uptodate-collateral.json", "sgx-v3-collateral.json"),
        words(),
        input -> {
          Collateral read = Collateral.read(input);
          Collateral back = Collateral.read(read.toJson());
          if (!back.tcbInfo().equals(read.tcbInfo())
              || !Arrays.equals(back.pckCrl(), read.pckCrl())) {
            throw new AssertionError("collateral does not read back as written");
          }
        });
  }

  /** Whatever a change does, what is accepted is what was signed. */
  static FuzzTarget collateralVerdict() throws IOException {
    byte[] original = Files.readAllBytes(file("v4-uptodate-collateral.json"));
    Collateral signed = Collateral.read(original);
    return new ParserTarget(
        "collateral-verdict",
        List.of(original),
        words(),
        input -> {
          Collateral read = Collateral.read(input);
          Endorsements.load(read, TrustedRoot.intel()).check(NOW);
          if (!read.tcbInfo().equals(signed.tcbInfo())
              || !read.qeIdentity().equals(signed.qeIdentity())
              || !Arrays.equals(read.rootCaCrl(), signed.rootCaCrl())
              || !Arrays.equals(read.pckCrl(), signed.pckCrl())) {
            throw new AssertionError("changed collateral was accepted");
          }
        });
  }

  static FuzzTarget evidenceFile() throws IOException {
    List<byte[]> corpus = new ArrayList<>(quotes());
    corpus.add(
        "{\"type\":\"tdx\",\"report_data\":\"00ff\",\"quote\":\"BAAC\",\"cc_eventlog\":null}"
            .getBytes(UTF_8));
    return new ParserTarget(
        "evidence-file", corpus, words(), input -> EvidenceFile.read(input).evidence());
  }
}
