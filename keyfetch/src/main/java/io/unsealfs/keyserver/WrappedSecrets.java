package io.unsealfs.keyserver;

import java.io.IOException;
import java.util.List;

/** Where wrapped secrets lie, as far as a change of their key needs to know. */
public interface WrappedSecrets {

  /** What {@link #read} takes: every secret that is wrapped, each version of it. */
  List<String> entries() throws IOException;

  /** One of them as it is now. */
  WrappedSecret read(String entry) throws IOException;

  /**
   * Puts {@code fresh} in the place of {@code old}, whole or not at all.
   *
   * @return false if something else than {@code old} is there by now; nothing is changed then
   */
  boolean replace(String entry, WrappedSecret old, WrappedSecret fresh) throws IOException;

  /** Ids of the keys that vouch for what lies around the entries, one for each such seal. */
  default List<String> sealKeyIds() throws IOException {
    return List.of();
  }

  /** Makes every such seal that is not the current key's anew; when all entries are under it. */
  default void reseal() throws IOException {}
}
