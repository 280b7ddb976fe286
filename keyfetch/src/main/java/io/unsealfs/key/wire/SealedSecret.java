package io.unsealfs.key.wire;

import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;

/**
 * A secret sealed to one client key. The arrays are not copied and must not be changed.
 *
 * @param terms serialised Terms, exactly as sent: the HPKE associated data
 * @param enc HPKE encapsulated key
 * @param ciphertext AEAD ciphertext with tag
 */
@SuppressWarnings("ArrayRecordComponent")
public record SealedSecret(byte[] terms, byte[] enc, byte[] ciphertext) {

  /**
   * Checks lengths of what came from outside.
   *
   * @throws WireException if a part is too long or too short
   */
  public static SealedSecret of(byte[] terms, byte[] enc, byte[] ciphertext) throws WireException {
    if (terms.length > WireLimits.MAX_TERMS_BYTES) {
      throw new WireException("terms are longer than " + WireLimits.MAX_TERMS_BYTES + " bytes");
    }
    if (enc.length != HpkeSuite.KEY_BYTES) {
      throw new WireException("encapsulated key has %d bytes, not 32".formatted(enc.length));
    }
    if (ciphertext.length <= HpkeSuite.TAG_BYTES
        || ciphertext.length > WireLimits.MAX_SECRET_BYTES + HpkeSuite.TAG_BYTES) {
      throw new WireException("sealed secret has %d bytes".formatted(ciphertext.length));
    }
    return new SealedSecret(terms, enc, ciphertext);
  }

  /**
   * Seals {@code secret} to the client key of {@code transcript}.
   *
   * @param secret 1 to {@link WireLimits#MAX_SECRET_BYTES} bytes; the caller wipes its array
   * @throws WireException if the client's key is no usable point, or a part is too long
   */
  public static SealedSecret seal(Transcript transcript, byte[] terms, byte[] secret)
      throws WireException {
    try {
      HPKE hpke = HpkeSuite.V1.newHpke();
      HPKEContextWithEncapsulation context =
          hpke.setupBaseS(
              hpke.deserializePublicKey(transcript.clientPublicKey()), transcript.toBytes());
      return of(terms.clone(), context.getEncapsulation(), context.seal(terms, secret));
    } catch (InvalidCipherTextException | RuntimeException e) {
      // the library reports a low-order point as an unchecked exception
      throw new WireException("cannot seal to the client's HPKE public key", e);
    }
  }
}
