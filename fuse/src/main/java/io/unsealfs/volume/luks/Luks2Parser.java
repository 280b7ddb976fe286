package io.unsealfs.volume.luks;

import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the copy of a LUKS2 header to go by (luks.md section 3.1): the newer one, or the one that
 * is whole. Nothing is ever repaired: that is for those who may write.
 */
final class Luks2Parser {
  private final HeaderBytes device;
  private final List<String> notes = new ArrayList<>();
  private String primaryProblem = "";

  private Luks2Parser(HeaderBytes device) {
    this.device = device;
  }

  /**
   * The header; all that it covers is in memory then.
   *
   * @param detached whether the device holds nothing but the header
   */
  static LuksHeader parse(HeaderBytes device, boolean detached) throws IOException {
    Luks2Parser parser = new Luks2Parser(device);
    return new Luks2Json(parser.choose(), device, detached, parser.notes).header();
  }

  private Luks2Copy choose() throws IOException {
    Luks2Copy primary = primary();
    Luks2Copy secondary = secondary(Luks2Copy.sizeIn(device, 0), primary != null);
    if (primary == null && secondary == null) {
      throw LuksHeader.bad(
          primaryProblem
              + ", and there is no good copy of it: restore the header from a backup (cryptsetup"
              + " luksHeaderRestore)");
    }
    if (primary == null) {
      notes.add("the first copy of the LUKS header is damaged (" + primaryProblem + ")");
    }
    if (secondary == null) {
      notes.add("the second copy of the LUKS header is damaged or missing");
      return require(primary);
    }
    if (primary == null) {
      return secondary;
    }
    if (primary.sequence() == secondary.sequence()
        && !primary.jsonText().equals(secondary.jsonText())) {
      notes.add("the two copies of the LUKS header differ without one being newer");
    } else if (primary.sequence() != secondary.sequence()) {
      notes.add("one copy of the LUKS header is older than the other");
    }
    return Long.compareUnsigned(secondary.sequence(), primary.sequence()) > 0 ? secondary : primary;
  }

  private @Nullable Luks2Copy primary() throws IOException {
    try {
      return Luks2Copy.read(device, 0);
    } catch (VolumeFormatException e) {
      primaryProblem = String.valueOf(e.getMessage()).replaceFirst("^LUKS header: ", "");
      return null;
    }
  }

  /** The second copy, where the first says that it is; where that is no use, wherever it may be. */
  private @Nullable Luks2Copy secondary(int size, boolean primaryIsGood) throws IOException {
    List<Integer> places = new ArrayList<>();
    if (size != 0) {
      places.add(size);
    }
    if (!primaryIsGood) {
      places.addAll(Luks2Copy.SIZES);
    }
    for (int place : places) {
      Luks2Copy copy = Luks2Copy.sizeIn(device, place) == place ? goodCopy(place) : null;
      if (copy != null) {
        return copy;
      }
    }
    return null;
  }

  /** What is wrong with a second copy matters only if the first is no better. */
  private @Nullable Luks2Copy goodCopy(int place) throws IOException {
    try {
      return Luks2Copy.read(device, place);
    } catch (VolumeFormatException e) {
      return null;
    }
  }

  private static Luks2Copy require(@Nullable Luks2Copy copy) {
    if (copy == null) {
      throw new IllegalStateException("no copy");
    }
    return copy;
  }
}
