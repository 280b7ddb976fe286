package io.unsealfs.verify.snp;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.PemChain;
import io.unsealfs.verify.dcap.RevocationList;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What reports are judged by besides the roots: revocation lists, and certificates for hosts that
 * hand none to their guests. Immutable.
 */
public final class SnpEndorsements {
  private final AmdRoots roots;
  private final List<X509Certificate> authorities;
  private final List<EndorsementKey> keys;
  private final Map<Product, RevocationList> lists;

  private SnpEndorsements(
      AmdRoots roots,
      List<X509Certificate> authorities,
      List<EndorsementKey> keys,
      Map<Product, RevocationList> lists) {
    this.roots = roots;
    this.authorities = List.copyOf(authorities);
    this.keys = List.copyOf(keys);
    this.lists = lists;
  }

  /** Collects endorsements, which may come in any order. */
  public static final class Builder {
    private final AmdRoots roots;
    private final List<X509Certificate> authorities = new ArrayList<>();
    private final List<EndorsementKey> keys = new ArrayList<>();
    private final Map<Product, RevocationList> lists = new EnumMap<>(Product.class);

    /** Endorsements below these roots. */
    public Builder(AmdRoots roots) {
      this.roots = roots;
    }

    /**
     * Adds what a file holds: a certificate in DER, certificates in PEM, or a revocation list in
     * DER. Of two lists of one root the newer one is kept.
     *
     * @throws VerificationException if it is none of those; nothing is added then
     */
    public Builder add(byte[] bytes) throws VerificationException {
      List<X509Certificate> certificates = new ArrayList<>();
      for (byte[] der : AmdRoots.certificates(bytes)) {
        PemChain.certificate(der).ifPresent(certificates::add);
      }
      if (certificates.isEmpty()) {
        addList(bytes);
        return this;
      }
      for (X509Certificate certificate : certificates) {
        if (roots.all().contains(certificate)) {
          // they come with every chain and add nothing
          continue;
        }
        if (certificate.getBasicConstraints() >= 0) {
          authorities.add(certificate);
        } else {
          keys.add(EndorsementKey.of(certificate));
        }
      }
      return this;
    }

    private void addList(byte[] der) throws VerificationException {
      RevocationList list = RevocationList.unchecked(der, "the revocation list", Failure.ROOT_CRL);
      for (Product product : Product.values()) {
        Optional<X509Certificate> root = roots.of(product);
        if (root.isPresent() && list.isFrom(product.rootName())) {
          list.checkIssuer(root.get(), Failure.ROOT_CRL);
          lists.merge(
              product,
              list,
              (one, other) ->
                  one.validity().notBefore().isAfter(other.validity().notBefore()) ? one : other);
          return;
        }
      }
      throw Failure.ROOT_CRL.exception(
          "a revocation list of a root", "one of " + list.crl().getIssuerX500Principal());
    }

    /** What was collected. */
    public SnpEndorsements build() {
      return new SnpEndorsements(roots, authorities, keys, new EnumMap<>(lists));
    }
  }

  AmdRoots roots() {
    return roots;
  }

  /** An authority by its name; whether the root vouches for it is another question. */
  Optional<X509Certificate> authority(String commonName) {
    return authorities.stream()
        .filter(one -> AuthorityRules.commonName(one.getSubjectX500Principal()).equals(commonName))
        .findFirst();
  }

  /** The keys of one kind. */
  List<EndorsementKey> keys(Signer signer) {
    return keys.stream().filter(key -> key.signer() == signer).toList();
  }

  /**
   * The revocation list of a root, in force.
   *
   * @throws VerificationException COLLATERAL_MISSING, COLLATERAL_EXPIRED or
   *     COLLATERAL_NOT_YET_VALID
   */
  RevocationList list(Product product, Instant now) throws VerificationException {
    RevocationList list = lists.get(product);
    if (list == null) {
      throw Failure.COLLATERAL_MISSING.exception(
          "the revocation list of " + product.rootName(), "none");
    }
    list.validity().check(now, Failure.COLLATERAL_EXPIRED, Failure.COLLATERAL_NOT_YET_VALID);
    return list;
  }
}
