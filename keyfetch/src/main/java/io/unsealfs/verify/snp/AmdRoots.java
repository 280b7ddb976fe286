package io.unsealfs.verify.snp;

import io.unsealfs.verify.dcap.PemChain;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The root of each line of processors. Chains must lead to these very certificates. */
public final class AmdRoots {
  private final Map<Product, X509Certificate> roots;
  private final boolean amd;

  private AmdRoots(Map<Product, X509Certificate> roots, boolean amd) {
    this.roots = roots;
    this.amd = amd;
  }

  /** AMD's roots, as they are built in. */
  public static AmdRoots builtIn() {
    return BuiltIn.ROOTS;
  }

  /** Loaded once; a build whose resources were tampered with fails here. */
  private static final class BuiltIn {
    private static final Map<Product, String> SHA256 =
        Map.of(
            Product.MILAN, "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd",
            Product.GENOA, "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1",
            Product.TURIN, "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a");
    private static final AmdRoots ROOTS = load();

    private static AmdRoots load() {
      Map<Product, X509Certificate> roots = new EnumMap<>(Product.class);
      SHA256.forEach((product, sha256) -> roots.put(product, load(product, sha256)));
      return new AmdRoots(roots, true);
    }

    private static X509Certificate load(Product product, String sha256) {
      String name = "amd-ark-" + product.name().toLowerCase(java.util.Locale.ROOT) + ".der";
      try (InputStream in = AmdRoots.class.getResourceAsStream(name)) {
        byte[] der = in == null ? new byte[0] : in.readAllBytes();
        String found = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
        if (!found.equals(sha256)) {
          throw new IllegalStateException("the built-in root " + name + " is damaged: " + found);
        }
        return PemChain.certificate(der).orElseThrow();
      } catch (IOException | NoSuchAlgorithmException e) {
        throw new IllegalStateException("the built-in root " + name + " cannot be read", e);
      }
    }
  }

  /**
   * Other roots, for test reports: whoever holds their keys can make any evidence.
   *
   * @param bytes one certificate in DER, or some in PEM, each named as AMD's root of its line
   * @return empty if there is anything else in it
   */
  public static Optional<AmdRoots> replacedBy(byte[] bytes) {
    Map<Product, X509Certificate> roots = new EnumMap<>(Product.class);
    for (byte[] der : certificates(bytes)) {
      Optional<X509Certificate> root = PemChain.certificate(der);
      Optional<Product> product = root.flatMap(AmdRoots::product);
      if (product.isEmpty()
          || AuthorityRules.flaw(root.get(), root.get()).isPresent()
          || roots.put(product.get(), root.get()) != null) {
        return Optional.empty();
      }
    }
    return roots.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new AmdRoots(roots, BuiltIn.ROOTS.roots.entrySet().containsAll(roots.entrySet())));
  }

  /** The DER of what a file holds, one in DER or some in PEM. */
  static List<byte[]> certificates(byte[] bytes) {
    return bytes.length > 0 && bytes[0] == '-'
        ? PemChain.decode(new String(bytes, StandardCharsets.ISO_8859_1)).orElse(List.of())
        : List.of(bytes);
  }

  private static Optional<Product> product(X509Certificate root) {
    String name = AuthorityRules.commonName(root.getSubjectX500Principal());
    return Arrays.stream(Product.values())
        .filter(product -> product.rootName().equals(name))
        .findAny();
  }

  /** Whether they are AMD's. */
  public boolean areAmd() {
    return amd;
  }

  Optional<X509Certificate> of(Product product) {
    return Optional.ofNullable(roots.get(product));
  }

  Collection<X509Certificate> all() {
    return roots.values();
  }
}
