package io.unsealfs.storage.object;

/** How far a listing goes below its prefix. */
public enum ListDepth {
  /** Every object below the prefix. */
  ALL,
  /** Objects up to the next slash; what lies below is told as prefixes. */
  ONE_LEVEL
}
