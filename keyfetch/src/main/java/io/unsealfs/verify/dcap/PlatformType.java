package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;

/**
 * What collateral depends on.
 *
 * @param tee TDX or SGX
 * @param fmspc family, model, stepping and platform type, 12 hex digits in lower case
 * @param authority who certified the platform
 */
public record PlatformType(Claims.Tee tee, String fmspc, Authority authority) {

  /** The two authorities that certify platforms. */
  public enum Authority {
    /** For platforms of several packages that registered themselves. */
    PLATFORM("platform", "Intel SGX PCK Platform CA"),
    /** For single packages. */
    PROCESSOR("processor", "Intel SGX PCK Processor CA");

    private final String word;
    private final String commonName;

    Authority(String word, String commonName) {
      this.word = word;
      this.commonName = commonName;
    }

    /** As in requests to Intel's service. */
    public String word() {
      return word;
    }

    /** The common name of its certificate. */
    String commonName() {
      return commonName;
    }
  }

  /** A name that can stand in a file name. */
  public String word() {
    return tee.word() + "-" + fmspc + "-" + authority.word();
  }
}
