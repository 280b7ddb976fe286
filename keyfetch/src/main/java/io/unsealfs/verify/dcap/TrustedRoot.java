package io.unsealfs.verify.dcap;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The certificate that everything must lead to. Chains must hold it byte for byte. */
public final class TrustedRoot {
  private static final String INTEL_SHA256 =
      "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3";

  private final X509Certificate certificate;
  private final byte[] der;
  private final boolean intel;

  private TrustedRoot(X509Certificate certificate, byte[] der, boolean intel) {
    this.certificate = certificate;
    this.der = der;
    this.intel = intel;
  }

  /** Intel's SGX root, as it is built in. */
  public static TrustedRoot intel() {
    return Intel.ROOT;
  }

  /** Loaded once; a build whose resource was tampered with fails here. */
  private static final class Intel {
    private static final TrustedRoot ROOT = load();

    private static TrustedRoot load() {
      try (InputStream in = TrustedRoot.class.getResourceAsStream("intel-sgx-root-ca.der")) {
        byte[] der = in == null ? new byte[0] : in.readAllBytes();
        String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
        if (!sha256.equals(INTEL_SHA256)) {
          throw new IllegalStateException("the built-in root certificate is damaged: " + sha256);
        }
        return new TrustedRoot(PemChain.certificate(der).orElseThrow(), der, true);
      } catch (IOException | NoSuchAlgorithmException e) {
        throw new IllegalStateException("the built-in root certificate cannot be read", e);
      }
    }
  }

  /**
   * Another root, for test quotes: whoever holds its key can make any evidence.
   *
   * @param bytes DER or PEM
   * @return empty if that is no self-issued certificate of a P-256 authority
   */
  public static Optional<TrustedRoot> replacedBy(byte[] bytes) {
    byte[] der = bytes;
    if (bytes.length > 0 && bytes[0] == '-') {
      Optional<List<byte[]>> chain =
          PemChain.decode(new String(bytes, StandardCharsets.ISO_8859_1));
      if (chain.isEmpty() || chain.get().size() != 1) {
        return Optional.empty();
      }
      der = chain.get().get(0);
    }
    byte[] exact = der.clone();
    return PemChain.certificate(exact)
        .filter(root -> CertificateRules.authorityFlaw(root, root).isEmpty())
        .map(root -> new TrustedRoot(root, exact, Arrays.equals(exact, Intel.ROOT.der)));
  }

  /** Whether it is Intel's. */
  public boolean isIntel() {
    return intel;
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** Whether these are its very bytes. */
  boolean is(byte[] candidate) {
    return Arrays.equals(der, candidate);
  }
}
