package io.unsealfs.daemon;

import io.unsealfs.storage.bucket.BucketTree;

/**
 * What another look at a bucket brought.
 *
 * @param isTreeNew whether other files are shown than before
 * @param isReplaced whether what is mounted was replaced as a whole, which a new mount alone shows
 * @param what for people, without names of files
 */
record Refreshed(boolean isTreeNew, boolean isReplaced, String what) {

  /** A listing. */
  static Refreshed of(BucketTree.Change change) {
    return change.isNone()
        ? new Refreshed(false, false, "nothing changed")
        : new Refreshed(
            true,
            false,
            change.added()
                + " entries added, "
                + change.removed()
                + " removed, "
                + change.replaced()
                + " replaced");
  }

  /** A single object that is as it was. */
  static Refreshed same() {
    return new Refreshed(false, false, "nothing changed");
  }

  /** A single object that is another one, or none. */
  static Refreshed replaced() {
    return new Refreshed(
        false,
        true,
        "the image was replaced or removed: what was not read before is stale; unmount and mount"
            + " again to see the new one");
  }
}
