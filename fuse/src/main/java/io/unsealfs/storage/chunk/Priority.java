package io.unsealfs.storage.chunk;

/** What a request is for; earlier ones come first. */
enum Priority {
  /** Somebody waits. */
  DEMAND,
  /** Somebody will probably want it next. */
  PREFETCH,
  /** To fill the disk cache. */
  WARM
}
