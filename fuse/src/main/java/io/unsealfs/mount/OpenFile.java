package io.unsealfs.mount;

import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file. Counted: one reference for the kernel's handle and one for each read under way; the
 * last one to go closes the source, so that a read that races the release keeps its source.
 */
final class OpenFile {
  private final Source source;
  private final Node node;
  private final PathText path;
  private final AtomicInteger references = new AtomicInteger(1);

  OpenFile(Source source, Node node, PathText path) {
    this.source = source;
    this.node = node;
    this.path = path;
  }

  Source source() {
    return source;
  }

  Node node() {
    return node;
  }

  PathText path() {
    return path;
  }

  /** Takes a reference; false when the file is already closed. */
  boolean acquire() {
    for (int seen = references.get(); seen > 0; seen = references.get()) {
      if (references.compareAndSet(seen, seen + 1)) {
        return true;
      }
    }
    return false;
  }

  /** Gives a reference back; the last one closes the source. */
  void release() throws IOException {
    if (references.decrementAndGet() == 0) {
      source.close();
    }
  }
}
