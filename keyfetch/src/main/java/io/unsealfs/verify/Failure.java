package io.unsealfs.verify;

/**
 * The names of failed checks of hardware evidence. Stable: tests, logs, audit lines and policies
 * use them.
 */
public enum Failure {
  /** Too short, lengths that do not fit, unknown version, key, TEE or body type, bad point. */
  QUOTE_FORMAT(FailedCheck.Kind.MALFORMED),
  /** Well-formed, but of a kind that is not handled. */
  QUOTE_UNSUPPORTED(FailedCheck.Kind.UNSUPPORTED),
  /** The chain of the platform's certificate is missing, broken or not under the root. */
  PCK_CHAIN(FailedCheck.Kind.UNTRUSTED),
  /** A certificate of that chain is not in force. */
  PCK_EXPIRED(FailedCheck.Kind.UNTRUSTED),
  /** The platform's certificate, or the authority above it, is revoked. */
  PCK_REVOKED(FailedCheck.Kind.UNTRUSTED),
  /** The platform revocation list cannot be read, is another authority's or not signed by it. */
  PCK_CRL(FailedCheck.Kind.UNTRUSTED),
  /** SNP: the chain of the key that signs reports is broken or not under the root. */
  VCEK_CHAIN(FailedCheck.Kind.UNTRUSTED),
  /** SNP: a certificate of that chain is not in force. */
  VCEK_EXPIRED(FailedCheck.Kind.UNTRUSTED),
  /** SNP: the authority above that key is revoked. */
  VCEK_REVOKED(FailedCheck.Kind.UNTRUSTED),
  /** SNP: that key is of another chip, TCB or processor than the report. */
  VCEK_MISMATCH(FailedCheck.Kind.UNTRUSTED),
  /** The root's revocation list cannot be read or is not signed by it. */
  ROOT_CRL(FailedCheck.Kind.UNTRUSTED),
  /** The TCB info is not signed by who may sign it. */
  TCB_INFO_SIGNATURE(FailedCheck.Kind.UNTRUSTED),
  /** The QE identity is not signed by who may sign it. */
  QE_IDENTITY_SIGNATURE(FailedCheck.Kind.UNTRUSTED),
  /** The certificate that signed collateral is revoked. */
  TCB_SIGNER_REVOKED(FailedCheck.Kind.UNTRUSTED),
  /** Collateral that cannot be read. */
  COLLATERAL_FORMAT(FailedCheck.Kind.UNTRUSTED),
  /** There is no collateral for this platform. */
  COLLATERAL_MISSING(FailedCheck.Kind.UNTRUSTED),
  /** Collateral is past its date. */
  COLLATERAL_EXPIRED(FailedCheck.Kind.UNTRUSTED),
  /** Collateral is from the future. */
  COLLATERAL_NOT_YET_VALID(FailedCheck.Kind.UNTRUSTED),
  /** Collateral is older than what was seen or demanded. */
  COLLATERAL_ROLLBACK(FailedCheck.Kind.UNTRUSTED),
  /** The TCB info is not about this platform. */
  TCB_INFO_MISMATCH(FailedCheck.Kind.UNTRUSTED),
  /** The quoting enclave is not the one its maker names. */
  QE_IDENTITY_MISMATCH(FailedCheck.Kind.UNTRUSTED),
  /** The quoting enclave's report is not signed by the platform. */
  QE_REPORT_SIGNATURE(FailedCheck.Kind.UNTRUSTED),
  /** The quoting enclave does not vouch for the attestation key. */
  QE_REPORT_DATA(FailedCheck.Kind.UNTRUSTED),
  /** The quote is not signed by the attestation key. */
  QUOTE_SIGNATURE(FailedCheck.Kind.UNTRUSTED),
  /** The TDX module is not the maker's, or of an unknown line. */
  TDX_MODULE_MISMATCH(FailedCheck.Kind.UNTRUSTED),
  /** No level of the collateral is as low as this platform, module or quoting enclave. */
  TCB_NOT_SUPPORTED(FailedCheck.Kind.UNTRUSTED),
  /** The platform's status is not accepted. */
  TCB_STATUS(FailedCheck.Kind.POLICY),
  /** The host can look into the TD. */
  TD_DEBUG(FailedCheck.Kind.POLICY),
  /** The enclave can be debugged. */
  SGX_DEBUG(FailedCheck.Kind.POLICY),
  /** The guest can be debugged. */
  SNP_DEBUG(FailedCheck.Kind.POLICY),
  /** Another attribute of the TD or guest is not accepted. */
  TD_ATTRIBUTES(FailedCheck.Kind.POLICY),
  /** The features of the TD are not accepted. */
  XFAM(FailedCheck.Kind.POLICY),
  /** A service TD is bound that is not accepted. */
  SERVICE_TD(FailedCheck.Kind.POLICY),
  /** A measurement is not accepted. */
  MEASUREMENT(FailedCheck.Kind.POLICY),
  /** The evidence is not about this conversation. */
  REPORT_DATA(FailedCheck.Kind.BINDING);

  private final FailedCheck.Kind kind;

  Failure(FailedCheck.Kind kind) {
    this.kind = kind;
  }

  /** What kind of failure it is. */
  public FailedCheck.Kind kind() {
    return kind;
  }

  /** This check, failed. */
  public FailedCheck check(String expected, String actual) {
    return new FailedCheck(name(), kind, expected, actual);
  }

  /** This check, failed, to be thrown. */
  public VerificationException exception(String expected, String actual) {
    return new VerificationException(check(expected, actual));
  }

  /** This check, failed for a reason that another exception tells. */
  public VerificationException exception(String expected, String actual, Throwable cause) {
    VerificationException failed = exception(expected, actual);
    failed.initCause(cause);
    return failed;
  }
}
