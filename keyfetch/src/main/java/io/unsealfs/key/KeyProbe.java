package io.unsealfs.key;

import java.util.List;

/**
 * What a look at a key reference found, without fetching the key.
 *
 * @param finding one line
 * @param warnings what does not stop a fetch but should be mended, one line each
 */
public record KeyProbe(String finding, List<String> warnings) {
  /** Copies the list. */
  public KeyProbe {
    warnings = List.copyOf(warnings);
  }

  /** Nothing to mend. */
  public static KeyProbe of(String finding) {
    return new KeyProbe(finding, List.of());
  }
}
