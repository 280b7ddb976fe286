package io.unsealfs.verify.dcap;

import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.VerificationException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The levels of one part (TDX module, quoting enclave), each named by one security version. */
final class PartLevels {
  private static final int MAX_LEVELS = 1024;
  private static final int MAX_SVN = 65535;

  /** No level at all. */
  static final PartLevels NONE = new PartLevels();

  private final TreeMap<Integer, Judgement> byVersion = new TreeMap<>();

  private PartLevels() {}

  static PartLevels of(JsonFields part) throws VerificationException {
    PartLevels levels = new PartLevels();
    for (JsonFields level : part.objects("tcbLevels", MAX_LEVELS)) {
      int version = level.object("tcb").number("isvsvn", MAX_SVN);
      Judgement judgement = Judgement.of(level, Judgement.OF_PARTS);
      if (levels.byVersion.put(version, judgement) != null) {
        throw part.bad("tcbLevels", "each level once");
      }
    }
    return levels;
  }

  /** The highest level that {@code version} reaches. */
  Optional<Judgement> match(int version) {
    return Optional.ofNullable(byVersion.floorEntry(version)).map(Map.Entry::getValue);
  }

  /** The lowest version that is up to date, for messages. */
  String wanted() {
    for (Map.Entry<Integer, Judgement> level : byVersion.entrySet()) {
      if (level.getValue().status() == TcbStatus.UP_TO_DATE) {
        return level.getKey().toString();
      }
    }
    return "none";
  }
}
