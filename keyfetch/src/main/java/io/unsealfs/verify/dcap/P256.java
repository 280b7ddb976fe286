package io.unsealfs.verify.dcap;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.util.Arrays;
import java.util.Optional;

/** ECDSA on P-256 with SHA-256, keys and signatures as bare numbers, big endian. */
final class P256 {
  static final int POINT_BYTES = 64;
  static final int SIGNATURE_BYTES = 64;

  private static final int NUMBER_BYTES = 32;
  private static final ECParameterSpec CURVE = curve();
  private static final BigInteger P = ((ECFieldFp) CURVE.getCurve().getField()).getP();

  private P256() {}

  private static ECParameterSpec curve() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp256r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks P-256", e);
    }
  }

  /** The key of x and y; empty if that is no point of the curve. Zero and zero is none either. */
  static Optional<PublicKey> publicKey(byte[] xy) {
    BigInteger x = new BigInteger(1, Arrays.copyOf(xy, NUMBER_BYTES));
    BigInteger y = new BigInteger(1, Arrays.copyOfRange(xy, NUMBER_BYTES, POINT_BYTES));
    if (!isOnCurve(x, y)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          KeyFactory.getInstance("EC")
              .generatePublic(new ECPublicKeySpec(new ECPoint(x, y), CURVE)));
    } catch (InvalidKeySpecException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks EC keys", e);
    }
  }

  private static boolean isOnCurve(BigInteger x, BigInteger y) {
    if (x.compareTo(P) >= 0 || y.compareTo(P) >= 0) {
      return false;
    }
    BigInteger right =
        x.multiply(x).add(CURVE.getCurve().getA()).multiply(x).add(CURVE.getCurve().getB()).mod(P);
    return y.multiply(y).mod(P).equals(right);
  }

  /** Whether a key is one of this curve. */
  static boolean isKey(PublicKey key) {
    return key instanceof ECPublicKey ec
        && ec.getParams().getCurve().equals(CURVE.getCurve())
        && ec.getParams().getGenerator().equals(CURVE.getGenerator())
        && ec.getParams().getOrder().equals(CURVE.getOrder())
        && isOnCurve(ec.getW().getAffineX(), ec.getW().getAffineY());
  }

  /** Whether r and s sign {@code data}; false for anything malformed. */
  static boolean verifies(PublicKey key, byte[] rs, byte[] data) {
    if (rs.length != SIGNATURE_BYTES) {
      return false;
    }
    try {
      Signature verifier = Signature.getInstance("SHA256withECDSAinP1363Format");
      verifier.initVerify(key);
      verifier.update(data);
      return verifier.verify(rs);
    } catch (SignatureException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime cannot verify ECDSA signatures", e);
    }
  }
}
