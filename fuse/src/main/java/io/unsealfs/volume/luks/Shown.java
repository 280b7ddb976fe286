package io.unsealfs.volume.luks;

import io.unsealfs.storage.Name;

/** Foreign text, shortened and escaped for a message of one line. */
final class Shown {
  private static final int MOST = 60;

  private Shown() {}

  static String text(String foreign) {
    return "'"
        + Name.of(foreign.length() > MOST ? foreign.substring(0, MOST) + "…" : foreign)
        + "'";
  }
}
