package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.List;

/**
 * Attributes and age of an SGX enclave.
 *
 * @param allowDebug whether a debug enclave passes
 * @param minIsvSvn its security version, at least
 */
record SgxEnclave(boolean allowDebug, int minIsvSvn) implements Check {
  private static final int INIT = 1;
  private static final int DEBUG = 2;

  @Override
  public List<CheckResult> judge(Subject subject) {
    Claims claims = subject.claims();
    byte[] attributes = claims.bytes(Claims.Field.SGX_ATTRIBUTES).orElse(new byte[0]);
    // absent attributes are a debug enclave that was never initialised
    int flags = attributes.length == 0 ? DEBUG : attributes[0];
    String hex = claims.hex(Claims.Field.SGX_ATTRIBUTES).orElse("absent");
    long svn = claims.number(Claims.Field.ISVSVN).orElse(-1);
    return List.of(
        new CheckResult(
            "SGX_DEBUG",
            "sgx_attributes",
            allowDebug || (flags & DEBUG) == 0,
            allowDebug ? "may have DEBUG" : "does not have DEBUG",
            hex),
        new CheckResult("TD_ATTRIBUTES", "sgx_attributes", (flags & INIT) != 0, "has INIT", hex),
        new CheckResult(
            "MEASUREMENT",
            "isvsvn",
            svn >= minIsvSvn,
            "is at least " + minIsvSvn,
            svn < 0 ? "absent" : Long.toString(svn)));
  }
}
