package io.unsealfs.key.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.Terms;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseTermsTest {
  private static SecretTerms with(LeaseTerms lease) {
    return new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), lease, true);
  }

  @Test
  void leasesAreReadBack() throws Exception {
    for (LeaseTerms lease :
        new LeaseTerms[] {
          LeaseTerms.NONE,
          // one that is over is not one without an end
          new LeaseTerms(Optional.of(Duration.ZERO), Optional.empty()),
          new LeaseTerms(Optional.of(LeaseTerms.LONGEST), Optional.of(LeaseTerms.LONGEST)),
          new LeaseTerms(Optional.empty(), Optional.of(Duration.ofSeconds(1)))
        }) {
      assertEquals(with(lease), TermsCodec.decode(TermsCodec.encode(with(lease)), true));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 316_224_001})
  void whatIsLongerThanAnybodyMeansIsRefused(int seconds) {
    byte[] expiry = Terms.newBuilder().setExpiresAfterS(seconds).build().toByteArray();
    byte[] renewal = Terms.newBuilder().setRenewEveryS(seconds).build().toByteArray();
    assertThrows(WireException.class, () -> TermsCodec.decode(expiry, true));
    assertThrows(WireException.class, () -> TermsCodec.decode(renewal, true));
  }
}
