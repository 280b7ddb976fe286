package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * A parsed quote: TDX in version 4 or 5, SGX in version 3. Nothing of it is verified. Immutable.
 *
 * <p>Every length is checked against what is there, and the parts must fill each other exactly;
 * only after the signature data may padding follow, which is dropped.
 */
public final class Quote {
  /** Larger ones are refused before they are looked at. */
  public static final int MAX_BYTES = 64 << 10;

  static final int CERTIFICATES_PEM = 5;

  private static final int TEE_SGX = 0;
  private static final int TEE_TDX = 0x81;
  private static final int KEY_P256 = 2;
  private static final int KEY_P384 = 3;
  private static final int QE_CERTIFICATION = 6;
  private static final int PLATFORM_MANIFEST = 7;
  private static final int BODY_TD_10 = 2;
  private static final int BODY_TD_15 = 3;
  private static final int BODY_TD_15_EXTENDED = 4;
  private static final int MAX_AUTH_BYTES = 1024;
  private static final byte[] INTEL_QE =
      HexFormat.of().parseHex("939a7233f79c4ca9940a0db3957f0607");

  private final int version;
  private final byte[] signed;
  private final QuoteBody body;
  private final SignatureData signature;

  /**
   * What stands behind the signed part.
   *
   * @param quoteSignature r and s over the signed part, by the attestation key
   * @param attestationKey x and y
   * @param qeReport the quoting enclave about itself
   * @param qeReportSignature r and s over the QE report, by the platform's key
   * @param authData what the QE report covers besides the attestation key
   * @param certificationType what {@code certification} is
   * @param certification who certifies the platform's key
   */
  @SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
  record SignatureData(
      byte[] quoteSignature,
      byte[] attestationKey,
      SgxReport qeReport,
      byte[] qeReportSignature,
      byte[] authData,
      int certificationType,
      byte[] certification) {}

  private Quote(int version, byte[] signed, QuoteBody body, SignatureData signature) {
    this.version = version;
    this.signed = signed;
    this.body = body;
    this.signature = signature;
  }

  /**
   * Parses a quote.
   *
   * @param bytes the quote, perhaps with padding after it
   * @throws VerificationException QUOTE_FORMAT if it is not one; QUOTE_UNSUPPORTED if it is one of
   *     a kind that is not handled
   */
  public static Quote parse(byte[] bytes) throws VerificationException {
    return parse(bytes, false);
  }

  /**
   * Parses a quote.
   *
   * @param allowExtended whether the extended body of TDX 1.5 is taken, of which no real sample was
   *     ever seen
   * @throws VerificationException as above
   */
  public static Quote parse(byte[] bytes, boolean allowExtended) throws VerificationException {
    if (bytes.length > MAX_BYTES) {
      throw format("at most " + MAX_BYTES + " bytes", bytes.length + " bytes");
    }
    Cursor in = new Cursor(bytes);
    int version = in.unsigned16("version");
    int keyType = in.unsigned16("attestation key type");
    int tee = in.int32("TEE type");
    in.take(4, "reserved");
    byte[] vendor = in.take(16, "vendor");
    in.take(20, "user data");
    if (version < 3 || version > 5) {
      throw format("quote version 3, 4 or 5", "version " + version);
    }
    int expectedTee = version == 3 ? TEE_SGX : TEE_TDX;
    if (tee != expectedTee) {
      throw format(
          "TEE type 0x%x in a quote of version %d".formatted(expectedTee, version),
          "0x%x".formatted(tee));
    }
    if (keyType == KEY_P384) {
      throw Failure.QUOTE_UNSUPPORTED.exception("an ECDSA P-256 attestation key", "P-384");
    }
    if (keyType != KEY_P256) {
      throw format("attestation key type 2 (ECDSA P-256)", "type " + keyType);
    }
    if (!Arrays.equals(vendor, INTEL_QE)) {
      throw format("Intel's quoting enclave", "vendor " + HexFormat.of().formatHex(vendor));
    }
    QuoteBody body =
        switch (version) {
          case 3 -> new SgxReport(in.take(SgxReport.SIZE, "SGX report"));
          case 4 -> new TdReport(in.take(TdReport.SIZE_10, "TD report"));
          default -> describedBody(in, allowExtended);
        };
    byte[] signed = Arrays.copyOf(bytes, in.position());
    byte[] signatureBytes = in.sized32("signature data");
    SignatureData signature = signatureData(new Cursor(signatureBytes), version);
    if (P256.publicKey(signature.attestationKey()).isEmpty()) {
      throw format("an attestation key on the curve", "a point that is not");
    }
    return new Quote(version, signed, body, signature);
  }

  private static QuoteBody describedBody(Cursor in, boolean allowExtended)
      throws VerificationException {
    int type = in.unsigned16("body type");
    long size = in.unsigned32("body size");
    int expected =
        switch (type) {
          case BODY_TD_10 -> TdReport.SIZE_10;
          case BODY_TD_15 -> TdReport.SIZE_15;
          case BODY_TD_15_EXTENDED -> TdReport.SIZE_15_EXTENDED;
          default -> throw format("body type 2, 3 or 4 in a TDX quote", "type " + type);
        };
    if (size != expected) {
      throw format("%d bytes of body type %d".formatted(expected, type), size + " bytes");
    }
    if (type == BODY_TD_15_EXTENDED && !allowExtended) {
      throw Failure.QUOTE_UNSUPPORTED.exception("body type 2 or 3", "type 4 (TDX 1.5 extended)");
    }
    return new TdReport(in.take(expected, "TD report"));
  }

  private static SignatureData signatureData(Cursor in, int version) throws VerificationException {
    byte[] quoteSignature = in.take(P256.SIGNATURE_BYTES, "quote signature");
    byte[] attestationKey = in.take(P256.POINT_BYTES, "attestation key");
    Cursor certified = in;
    if (version > 3) {
      int type = in.unsigned16("certification data type");
      if (type != QE_CERTIFICATION) {
        throw format("certification data of type 6", "type " + type);
      }
      certified = new Cursor(in.sized32("certification data"));
      in.finish("signature data");
    }
    SgxReport qeReport = new SgxReport(certified.take(SgxReport.SIZE, "QE report"));
    byte[] qeReportSignature = certified.take(P256.SIGNATURE_BYTES, "QE report signature");
    int authBytes = certified.unsigned16("auth data size");
    if (authBytes > MAX_AUTH_BYTES) {
      throw format("at most " + MAX_AUTH_BYTES + " bytes of auth data", authBytes + " bytes");
    }
    byte[] authData = certified.take(authBytes, "auth data");
    int type = certified.unsigned16("inner certification data type");
    if (type < 1 || type > PLATFORM_MANIFEST || type == QE_CERTIFICATION) {
      throw format("inner certification data of a known type", "type " + type);
    }
    byte[] certification = certified.sized32("inner certification data");
    certified.finish("certification data");
    return new SignatureData(
        quoteSignature, attestationKey, qeReport, qeReportSignature, authData, type, certification);
  }

  private static VerificationException format(String expected, String actual) {
    return Failure.QUOTE_FORMAT.exception(expected, actual);
  }

  /** Version of the format: 3, 4 or 5. */
  public int version() {
    return version;
  }

  /** What the quote says, verified or not. */
  public Claims claims() {
    Map<Claims.Field, byte[]> fields = new EnumMap<>(Claims.Field.class);
    switch (body) {
      case TdReport td -> {
        fields.put(Claims.Field.MR_TD, td.mrTd());
        fields.put(Claims.Field.RTMR0, td.rtmr(0));
        fields.put(Claims.Field.RTMR1, td.rtmr(1));
        fields.put(Claims.Field.RTMR2, td.rtmr(2));
        fields.put(Claims.Field.RTMR3, td.rtmr(3));
        fields.put(Claims.Field.MR_CONFIG_ID, td.mrConfigId());
        fields.put(Claims.Field.MR_OWNER, td.mrOwner());
        fields.put(Claims.Field.MR_OWNER_CONFIG, td.mrOwnerConfig());
        fields.put(Claims.Field.MR_SEAM, td.mrSeam());
        fields.put(Claims.Field.MRSIGNER_SEAM, td.mrsignerSeam());
        fields.put(Claims.Field.SEAM_ATTRIBUTES, td.seamAttributes());
        fields.put(Claims.Field.TD_ATTRIBUTES, td.tdAttributes());
        fields.put(Claims.Field.XFAM, td.xfam());
        fields.put(Claims.Field.TEE_TCB_SVN, td.teeTcbSvn());
        fields.put(Claims.Field.REPORT_DATA, td.reportData());
        if (td.is15()) {
          fields.put(Claims.Field.TEE_TCB_SVN2, td.teeTcbSvn2());
          fields.put(Claims.Field.MR_SERVICETD, td.mrServicetd());
        }
      }
      case SgxReport sgx -> {
        fields.put(Claims.Field.MRENCLAVE, sgx.mrenclave());
        fields.put(Claims.Field.MRSIGNER, sgx.mrsigner());
        fields.put(Claims.Field.ISVPRODID, sgx.isvprodidLittleEndian());
        fields.put(Claims.Field.ISVSVN, sgx.isvsvnLittleEndian());
        fields.put(Claims.Field.SGX_ATTRIBUTES, sgx.attributes());
        fields.put(Claims.Field.REPORT_DATA, sgx.reportData());
      }
    }
    return Claims.of(tee(), fields, Optional.empty());
  }

  Claims.Tee tee() {
    return body instanceof TdReport ? Claims.Tee.TDX : Claims.Tee.SGX;
  }

  QuoteBody body() {
    return body;
  }

  /** Header and body: what the quote signature covers. Not to be changed. */
  byte[] signed() {
    return signed;
  }

  SignatureData signature() {
    return signature;
  }

  /** Reads forward and never past the end. */
  private static final class Cursor {
    private final ByteBuffer in;

    Cursor(byte[] bytes) {
      in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    int position() {
      return in.position();
    }

    int unsigned16(String what) throws VerificationException {
      need(Short.BYTES, what);
      return Short.toUnsignedInt(in.getShort());
    }

    int int32(String what) throws VerificationException {
      need(Integer.BYTES, what);
      return in.getInt();
    }

    long unsigned32(String what) throws VerificationException {
      return Integer.toUnsignedLong(int32(what));
    }

    byte[] take(int size, String what) throws VerificationException {
      need(size, what);
      byte[] bytes = new byte[size];
      in.get(bytes);
      return bytes;
    }

    /** A size of 32 bits and as many bytes. */
    byte[] sized32(String what) throws VerificationException {
      long size = unsigned32("size of " + what);
      need(size, what);
      return take((int) size, what);
    }

    void finish(String what) throws VerificationException {
      if (in.hasRemaining()) {
        throw format(what + " filled exactly", in.remaining() + " bytes left over");
      }
    }

    private void need(long size, String what) throws VerificationException {
      if (size > in.remaining()) {
        throw format(
            "%d bytes of %s at offset %d".formatted(size, what, in.position()),
            in.remaining() + " bytes");
      }
    }
  }
}
