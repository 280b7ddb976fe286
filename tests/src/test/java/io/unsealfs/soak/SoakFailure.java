package io.unsealfs.soak;

/** Something that must never happen did: wrong bytes, a hang, a leak. */
final class SoakFailure extends Exception {
  private static final long serialVersionUID = 1L;

  SoakFailure(String message) {
    super(message);
  }
}
