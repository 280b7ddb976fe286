package io.unsealfs.verify.snp;

import java.util.Optional;
import java.util.Set;

/** A line of processors, which has a root of its own (AMD 57230). */
enum Product {
  /** Third generation. */
  MILAN("Milan", Set.of("Milan"), TcbLayout.MILAN_GENOA, 64),
  /** Fourth generation, with Bergamo and Siena, whose certificates are Genoa's too. */
  GENOA("Genoa", Set.of("Genoa", "Bergamo", "Siena"), TcbLayout.MILAN_GENOA, 64),
  /** Fifth generation. */
  TURIN("Turin", Set.of("Turin"), TcbLayout.TURIN, 8);

  private static final int FAMILY_19H = 0x19;
  private static final int FAMILY_1AH = 0x1A;

  private final String word;

  @SuppressWarnings("ImmutableEnumChecker") // only ever made by Set.of
  private final Set<String> names;

  private final TcbLayout layout;
  private final int chipIdBytes;

  Product(String word, Set<String> names, TcbLayout layout, int chipIdBytes) {
    this.word = word;
    this.names = names;
    this.layout = layout;
    this.chipIdBytes = chipIdBytes;
  }

  /** The word in the names of its authorities. */
  String word() {
    return word;
  }

  TcbLayout layout() {
    return layout;
  }

  /** How many bytes of CHIP_ID are used; the rest is zero. */
  int chipIdBytes() {
    return chipIdBytes;
  }

  String rootName() {
    return "ARK-" + word;
  }

  /** The common name of the authority below the root. */
  String authorityName(Signer signer) {
    return signer == Signer.VCEK ? "SEV-" + word : "SEV-VLEK-" + word;
  }

  /** Whether a certificate's product name, such as {@code Milan-B0}, is of this line. */
  boolean isNamed(String productName) {
    int dash = productName.indexOf('-');
    return names.contains(dash < 0 ? productName : productName.substring(0, dash));
  }

  /**
   * The line of a processor.
   *
   * @return empty if it is not known
   */
  static Optional<Product> of(int family, int model) {
    if (family == FAMILY_1AH && model < 0x20) {
      return Optional.of(TURIN);
    }
    if (family != FAMILY_19H) {
      return Optional.empty();
    }
    if (model < 0x10) {
      return Optional.of(MILAN);
    }
    return model < 0x20 || (model >= 0xA0 && model < 0xB0) ? Optional.of(GENOA) : Optional.empty();
  }
}
