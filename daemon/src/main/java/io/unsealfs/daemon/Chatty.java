package io.unsealfs.daemon;

/** A command that logs what it does; the others log only warnings. */
interface Chatty {
  /** Whether it does this time. */
  default boolean isChatty() {
    return true;
  }
}
