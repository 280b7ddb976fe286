package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Which TDX module of one line is the genuine one.
 *
 * @param id {@code TDX_01} and so on; {@code TDX} for the one that stands for line 0
 * @param levels what its versions mean; without levels for line 0, which the platform's levels
 *     cover
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record ModuleIdentity(String id, byte[] mrsigner, byte[] attributes, PartLevels levels) {

  static ModuleIdentity ofLine0(JsonFields module) throws VerificationException {
    module.hex("attributesMask", 8);
    return new ModuleIdentity(
        "TDX", module.hex("mrsigner", 48), module.hex("attributes", 8), PartLevels.NONE);
  }

  static ModuleIdentity of(JsonFields module) throws VerificationException {
    module.hex("attributesMask", 8);
    return new ModuleIdentity(
        module.text("id"),
        module.hex("mrsigner", 48),
        module.hex("attributes", 8),
        PartLevels.of(module));
  }

  /**
   * Refuses a module that is another one. The attributes must be zero and the expected ones, which
   * leaves nothing for the mask to say.
   */
  void check(TdReport td) throws VerificationException {
    same("signer", mrsigner, td.mrsignerSeam());
    same("attributes", attributes, td.seamAttributes());
    same("attributes", new byte[attributes.length], td.seamAttributes());
  }

  private void same(String what, byte[] expected, byte[] actual) throws VerificationException {
    if (!Arrays.equals(expected, actual)) {
      throw Failure.TDX_MODULE_MISMATCH.exception(
          what + " of module " + id + " " + HexFormat.of().formatHex(expected),
          HexFormat.of().formatHex(actual));
    }
  }
}
