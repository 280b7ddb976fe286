package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every byte of quotes and of collateral matters. What may change without being refused is listed
 * here with the reason why it carries nothing:
 *
 * <ul>
 *   <li>quotes: the padding behind the signature data, which no length covers;
 *   <li>collateral: the case of a hexadecimal digit in the file, which stands for the same byte.
 * </ul>
 */
class EveryByteTest {
  /** One bit in each half of a byte; the second also swaps upper and lower case. */
  private static final int[] MASKS = {0x01, 0x20};

  @ParameterizedTest
  @CsvSource({
    "v4-uptodate, 1751328000, 4936",
    "v5-alibaba, 1750809600, 0",
    "sgx-v3, 1751328000, 0"
  })
  void aChangedByteOfAQuoteIsRefusedUnlessItIsPadding(String name, long time, int length)
      throws IOException {
    byte[] quote = Vectors.bytes(QuoteVectors.REAL + name + ".dat");
    Endorsements endorsements =
        Endorsements.load(
            QuoteVectors.collateral(QuoteVectors.REAL + name + "-collateral.json"),
            TrustedRoot.intel());
    QuoteVerifier verifier = new QuoteVerifier(QuoteVerifier.Minimum.NONE);
    List<String> accepted = new ArrayList<>();
    int padding = length == 0 ? endOf(quote) : length;
    for (int at = 0; at < quote.length; at++) {
      for (int mask : MASKS) {
        byte[] changed = quote.clone();
        changed[at] ^= (byte) mask;
        try {
          verifier.verify(Quote.parse(changed), endorsements, Instant.ofEpochSecond(time));
          if (at < padding) {
            accepted.add("byte %d ^ %x".formatted(at, mask));
          }
        } catch (VerificationException e) {
          assertTrue(at < padding, () -> "padding refused: " + e.getMessage());
        }
      }
    }
    assertEquals(List.of(), accepted);
  }

  /** The shortest cut that still parses. */
  private static int endOf(byte[] quote) {
    int end = quote.length;
    while (end > 0) {
      try {
        Quote.parse(Arrays.copyOf(quote, end - 1));
        end--;
      } catch (VerificationException e) {
        return end;
      }
    }
    return end;
  }

  @ParameterizedTest
  @CsvSource({"v4-uptodate, 1751328000, 1", "v5-alibaba, 1750809600, 11"})
  void aChangedByteOfCollateralIsRefusedUnlessItSaysTheSame(String name, long time, int step)
      throws IOException {
    byte[] file = Vectors.bytes(QuoteVectors.REAL + name + "-collateral.json");
    byte[] quoteBytes = Vectors.bytes(QuoteVectors.REAL + name + ".dat");
    Quote quote = Quote.parse(quoteBytes);
    Collateral original = Collateral.read(file);
    QuoteVerifier verifier = new QuoteVerifier(QuoteVerifier.Minimum.NONE);
    int same = 0;
    for (int at = 0; at < file.length; at += step) {
      byte[] changed = file.clone();
      changed[at] ^= (byte) MASKS[at % MASKS.length];
      Collateral read;
      try {
        read = Collateral.read(changed);
        verifier.verify(
            quote, Endorsements.load(read, TrustedRoot.intel()), Instant.ofEpochSecond(time));
      } catch (VerificationException e) {
        continue;
      }
      assertSame(original, read, "byte " + at);
      same++;
    }
    assertTrue(same > 0 && same < file.length / 4, same + " changes of case were accepted");
  }

  private static void assertSame(Collateral one, Collateral other, String where) {
    assertEquals(one.tcbInfo(), other.tcbInfo(), where);
    assertEquals(one.qeIdentity(), other.qeIdentity(), where);
    assertEquals(one.tcbInfoIssuerChain(), other.tcbInfoIssuerChain(), where);
    assertEquals(one.qeIdentityIssuerChain(), other.qeIdentityIssuerChain(), where);
    assertEquals(one.pckCrlIssuerChain(), other.pckCrlIssuerChain(), where);
    assertEquals(one.pckCertificateChain(), other.pckCertificateChain(), where);
    assertArrayEquals(one.tcbInfoSignature(), other.tcbInfoSignature(), where);
    assertArrayEquals(one.qeIdentitySignature(), other.qeIdentitySignature(), where);
    assertArrayEquals(one.rootCaCrl(), other.rootCaCrl(), where);
    assertArrayEquals(one.pckCrl(), other.pckCrl(), where);
  }
}
