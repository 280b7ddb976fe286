package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What is known of one type of platform.
 *
 * @param id {@code TDX} or {@code SGX}
 * @param line0 the TDX module of line 0; TDX only
 * @param lines the TDX modules of the other lines
 * @param levels the platform's levels, the highest first
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record TcbInfo(
    String id,
    Validity validity,
    byte[] fmspc,
    byte[] pceId,
    int evaluationNumber,
    Optional<ModuleIdentity> line0,
    List<ModuleIdentity> lines,
    List<PlatformLevel> levels) {
  private static final int MAX_LINES = 256;

  /** Parses text whose signature was checked. */
  static TcbInfo of(byte[] signedText) throws VerificationException {
    JsonFields json = JsonFields.read(signedText, "tcb_info");
    int version = json.number("version", Integer.MAX_VALUE);
    String id = version == 2 && !json.has("id") ? "SGX" : json.text("id");
    boolean isTdx = id.equals("TDX");
    if (version != 3 && (version != 2 || isTdx)) {
      throw Failure.TCB_INFO_MISMATCH.exception("TCB info of version 3", "version " + version);
    }
    int tcbType = json.number("tcbType", Integer.MAX_VALUE);
    if (tcbType != 0) {
      throw Failure.TCB_INFO_MISMATCH.exception("tcbType 0", Integer.toString(tcbType));
    }
    return new TcbInfo(
        id,
        new Validity("TCB info", json.instant("issueDate"), json.instant("nextUpdate")),
        json.hex("fmspc", 6),
        json.hex("pceId", 2),
        json.number("tcbEvaluationDataNumber", Integer.MAX_VALUE),
        isTdx ? Optional.of(ModuleIdentity.ofLine0(json.object("tdxModule"))) : Optional.empty(),
        isTdx ? lines(json) : List.of(),
        PlatformLevel.sorted(json, version, isTdx));
  }

  private static List<ModuleIdentity> lines(JsonFields json) throws VerificationException {
    if (!json.has("tdxModuleIdentities")) {
      return List.of();
    }
    List<ModuleIdentity> lines = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (JsonFields one : json.objects("tdxModuleIdentities", MAX_LINES)) {
      ModuleIdentity line = ModuleIdentity.of(one);
      if (!ids.add(line.id().toUpperCase(Locale.ROOT))) {
        throw json.bad("tdxModuleIdentities", "each module line once");
      }
      lines.add(line);
    }
    return lines;
  }

  /** Refuses a platform that this is not about. */
  void check(PckCertificate pck, Claims.Tee tee) throws VerificationException {
    String expectedId = tee == Claims.Tee.TDX ? "TDX" : "SGX";
    if (!id.equals(expectedId)) {
      throw Failure.TCB_INFO_MISMATCH.exception("TCB info for " + expectedId, "for " + id);
    }
    if (!Arrays.equals(fmspc, pck.fmspc())) {
      throw Failure.TCB_INFO_MISMATCH.exception(
          "TCB info for FMSPC " + pck.fmspcHex(), "for " + HexFormat.of().formatHex(fmspc));
    }
    if (!Arrays.equals(pceId, pck.pceId())) {
      throw Failure.TCB_INFO_MISMATCH.exception(
          "TCB info for PCE " + HexFormat.of().formatHex(pck.pceId()),
          "for " + HexFormat.of().formatHex(pceId));
    }
  }

  /**
   * The module of a line.
   *
   * @throws VerificationException TDX_MODULE_MISMATCH if that line is not known
   */
  ModuleIdentity module(int line) throws VerificationException {
    if (line == 0 && line0.isPresent()) {
      return line0.get();
    }
    String wanted = "TDX_%02X".formatted(line);
    for (ModuleIdentity one : lines) {
      if (one.id().equalsIgnoreCase(wanted)) {
        return one;
      }
    }
    throw Failure.TDX_MODULE_MISMATCH.exception("a module of a known line", "line " + wanted);
  }
}
