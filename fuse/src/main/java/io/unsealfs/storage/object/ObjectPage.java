package io.unsealfs.storage.object;

import java.util.List;
import java.util.Optional;

/**
 * One page of a listing, as it came: keys are not yet judged ({@link KeyRules}).
 *
 * @param objects at most {@link ObjectStore#PAGE_OBJECTS_MAX}
 * @param prefixes with {@link ListDepth#ONE_LEVEL}, what lies below, each ending in a slash
 * @param unreadableKeys keys of this page that are no text (not UTF-8, badly encoded); left out
 * @param continuation asks for the next page; empty on the last one
 */
public record ObjectPage(
    List<ObjectVersion> objects,
    List<String> prefixes,
    int unreadableKeys,
    Optional<String> continuation) {

  /** Copies the lists. */
  public ObjectPage {
    objects = List.copyOf(objects);
    prefixes = List.copyOf(prefixes);
  }
}
