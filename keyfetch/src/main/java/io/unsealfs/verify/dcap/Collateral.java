package io.unsealfs.verify.dcap;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What Intel publishes about one type of platform, as it travels: texts whose exact bytes are
 * signed. Nothing of it is checked but the form of the file.
 *
 * @param tcbInfo the signed text
 * @param tcbInfoSignature r and s
 * @param tcbInfoIssuerChain PEM
 * @param qeIdentity the signed text
 * @param qeIdentitySignature r and s
 * @param qeIdentityIssuerChain PEM
 * @param rootCaCrl DER
 * @param pckCrl DER
 * @param pckCrlIssuerChain PEM; where it is missing, the chain of each quote is taken instead
 * @param pckCertificateChain PEM; for quotes that do not carry it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Collateral(
    String tcbInfo,
    byte[] tcbInfoSignature,
    String tcbInfoIssuerChain,
    String qeIdentity,
    byte[] qeIdentitySignature,
    String qeIdentityIssuerChain,
    byte[] rootCaCrl,
    byte[] pckCrl,
    Optional<String> pckCrlIssuerChain,
    Optional<String> pckCertificateChain) {
  /** Larger files are refused before they are read. */
  public static final int MAX_BYTES = JsonTree.MAX_BYTES;

  private static final Set<String> MEMBERS =
      Set.of(
          "tcb_info",
          "tcb_info_signature",
          "tcb_info_issuer_chain",
          "qe_identity",
          "qe_identity_signature",
          "qe_identity_issuer_chain",
          "root_ca_crl",
          "pck_crl",
          "pck_crl_issuer_chain",
          "pck_certificate_chain");

  /**
   * Reads the JSON form: one object of texts, signatures and lists in hexadecimal.
   *
   * @throws VerificationException COLLATERAL_FORMAT
   */
  public static Collateral read(byte[] utf8) throws VerificationException {
    Map<String, Object> members;
    try {
      members = JsonTree.object(utf8);
    } catch (IOException e) {
      throw Failure.COLLATERAL_FORMAT.exception("collateral as a JSON object", "none", e);
    }
    for (String name : members.keySet()) {
      if (!MEMBERS.contains(name)) {
        // a misspelt optional member must not be a missing one
        throw Failure.COLLATERAL_FORMAT.exception("known members only", name);
      }
    }
    return new Collateral(
        text(members, "tcb_info"),
        hex(members, "tcb_info_signature"),
        text(members, "tcb_info_issuer_chain"),
        text(members, "qe_identity"),
        hex(members, "qe_identity_signature"),
        text(members, "qe_identity_issuer_chain"),
        hex(members, "root_ca_crl"),
        hex(members, "pck_crl"),
        optionalText(members, "pck_crl_issuer_chain"),
        optionalText(members, "pck_certificate_chain"));
  }

  /** The JSON form, as {@link #read} takes it. */
  public byte[] toJson() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      if (pckCrlIssuerChain.isPresent()) {
        json.writeStringField("pck_crl_issuer_chain", pckCrlIssuerChain.get());
      }
      json.writeStringField("root_ca_crl", HexFormat.of().formatHex(rootCaCrl));
      json.writeStringField("pck_crl", HexFormat.of().formatHex(pckCrl));
      json.writeStringField("tcb_info_issuer_chain", tcbInfoIssuerChain);
      json.writeStringField("tcb_info", tcbInfo);
      json.writeStringField("tcb_info_signature", HexFormat.of().formatHex(tcbInfoSignature));
      json.writeStringField("qe_identity_issuer_chain", qeIdentityIssuerChain);
      json.writeStringField("qe_identity", qeIdentity);
      json.writeStringField("qe_identity_signature", HexFormat.of().formatHex(qeIdentitySignature));
      if (pckCertificateChain.isPresent()) {
        json.writeStringField("pck_certificate_chain", pckCertificateChain.get());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  private static String text(Map<String, Object> members, String name)
      throws VerificationException {
    if (members.get(name) instanceof String text) {
      return text;
    }
    throw Failure.COLLATERAL_FORMAT.exception("member " + name + " with a text", "none");
  }

  private static Optional<String> optionalText(Map<String, Object> members, String name)
      throws VerificationException {
    return members.containsKey(name) ? Optional.of(text(members, name)) : Optional.empty();
  }

  private static byte[] hex(Map<String, Object> members, String name) throws VerificationException {
    try {
      return HexFormat.of().parseHex(text(members, name));
    } catch (IllegalArgumentException e) {
      throw Failure.COLLATERAL_FORMAT.exception(
          "member " + name + " in hexadecimal", "something else", e);
    }
  }
}
