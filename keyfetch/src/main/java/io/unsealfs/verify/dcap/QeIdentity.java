package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Which quoting enclave is the genuine one.
 *
 * @param id {@code TD_QE} or {@code QE}
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record QeIdentity(
    String id,
    Validity validity,
    int evaluationNumber,
    byte[] miscselect,
    byte[] miscselectMask,
    byte[] attributes,
    byte[] attributesMask,
    byte[] mrsigner,
    int isvprodid,
    PartLevels levels) {
  private static final int VERSION = 2;
  private static final int MAX_16_BIT = 65535;

  /** Parses text whose signature was checked. */
  static QeIdentity of(byte[] signedText) throws VerificationException {
    JsonFields json = JsonFields.read(signedText, "qe_identity");
    int version = json.number("version", Integer.MAX_VALUE);
    if (version != VERSION) {
      throw Failure.QE_IDENTITY_MISMATCH.exception(
          "QE identity of version " + VERSION, "version " + version);
    }
    return new QeIdentity(
        json.text("id"),
        new Validity("QE identity", json.instant("issueDate"), json.instant("nextUpdate")),
        json.number("tcbEvaluationDataNumber", Integer.MAX_VALUE),
        json.hex("miscselect", 4),
        json.hex("miscselectMask", 4),
        json.hex("attributes", 16),
        json.hex("attributesMask", 16),
        json.hex("mrsigner", 32),
        json.number("isvprodid", MAX_16_BIT),
        PartLevels.of(json));
  }

  /** Refuses a quoting enclave that is another one. */
  void check(SgxReport report, Claims.Tee tee) throws VerificationException {
    String expectedId = tee == Claims.Tee.TDX ? "TD_QE" : "QE";
    if (!id.equals(expectedId)) {
      throw Failure.QE_IDENTITY_MISMATCH.exception("QE identity " + expectedId, id);
    }
    same("miscselect", miscselect, masked(report.miscselect(), miscselectMask));
    same("attributes", attributes, masked(report.attributes(), attributesMask));
    same("mrsigner", mrsigner, report.mrsigner());
    if (report.isvprodid() != isvprodid) {
      throw Failure.QE_IDENTITY_MISMATCH.exception(
          "isvprodid " + isvprodid, Integer.toString(report.isvprodid()));
    }
  }

  private static void same(String field, byte[] expected, byte[] actual)
      throws VerificationException {
    if (!Arrays.equals(expected, actual)) {
      throw Failure.QE_IDENTITY_MISMATCH.exception(
          field + " " + HexFormat.of().formatHex(expected), HexFormat.of().formatHex(actual));
    }
  }

  private static byte[] masked(byte[] value, byte[] mask) {
    byte[] masked = new byte[value.length];
    for (int i = 0; i < value.length; i++) {
      masked[i] = (byte) (value[i] & mask[i]);
    }
    return masked;
  }
}
