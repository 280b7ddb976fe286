package io.unsealfs.storage.object;

import java.io.IOException;

/** Is told what a whole listing holds; called by the listing thread only. */
public interface ListingVisitor {

  /**
   * One object.
   *
   * @param path its key without the prefix; ends in a slash if it is a directory marker
   */
  void object(String path, ObjectVersion version) throws IOException;

  /**
   * One key that cannot be a file of a tree.
   *
   * @param shownKey for people; empty if the key could not be read
   */
  void skipped(KeyFault fault, String shownKey);
}
