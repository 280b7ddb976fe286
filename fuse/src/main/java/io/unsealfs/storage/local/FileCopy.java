package io.unsealfs.storage.local;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Copies the content and attributes of one file. Big files are copied by several threads, each of
 * which takes the next part that nobody has; the last one to find none left finishes the file.
 */
final class FileCopy {
  private static final long PART = 32L * TransferChunk.CAPACITY;

  private final FileTree tree;
  private final Node node;
  private final String path;
  private final OutputFile out;
  private final TreeEncoding encoding;
  private final AttributeCopy attributes;
  private final CopyTally tally;
  private final CopyCrew crew;
  private final boolean continueAfterDamage;
  private final AtomicLong nextPart = new AtomicLong();
  private final AtomicInteger helpers = new AtomicInteger();
  private volatile boolean damaged;

  FileCopy(
      FileTree tree,
      Node node,
      String path,
      OutputFile out,
      TreeEncoding encoding,
      AttributeCopy attributes,
      CopyTally tally,
      CopyCrew crew,
      boolean continueAfterDamage) {
    this.tree = tree;
    this.node = node;
    this.path = path;
    this.out = out;
    this.encoding = encoding;
    this.attributes = attributes;
    this.tally = tally;
    this.crew = crew;
    this.continueAfterDamage = continueAfterDamage;
  }

  /** Whether the file turned out damaged and must not be kept. Final once the crew has ended. */
  boolean damaged() {
    return damaged;
  }

  /** Opens the file and copies it together with whoever of the crew is free. */
  void run() {
    Source source = null;
    TreeEncoding.FileEncoding content = null;
    if (!crew.stopping()) {
      try {
        source = tree.open(node);
        content = encoding.file(out, source.size());
      } catch (Throwable t) {
        fail(t);
      }
    }
    if (source == null || content == null) {
      end(source, null);
      return;
    }
    Source opened = source;
    TreeEncoding.FileEncoding begun = content;
    long parts = Math.ceilDiv(opened.size(), PART);
    int threads = Math.clamp(parts, 1, crew.parallelism());
    helpers.set(threads);
    for (int i = 1; i < threads; i++) {
      crew.submit(() -> help(opened, begun));
    }
    help(opened, begun);
  }

  private void help(Source source, TreeEncoding.FileEncoding content) {
    TransferChunk chunk = crew.takeChunk();
    try {
      // Compared by division: the size comes from outside and may be near the largest number.
      long part = nextPart.getAndIncrement();
      while (part < Math.ceilDiv(source.size(), PART) && !damaged && !crew.stopping()) {
        copyPart(source, content, chunk, part * PART);
        part = nextPart.getAndIncrement();
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      crew.giveChunk(chunk);
      if (helpers.decrementAndGet() == 0) {
        end(source, content);
      }
    }
  }

  private void copyPart(
      Source source, TreeEncoding.FileEncoding content, TransferChunk chunk, long from)
      throws IOException {
    long end = from + Math.min(PART, source.size() - from);
    for (long offset = from; offset < end && !damaged && !crew.stopping(); ) {
      int wanted = (int) Math.min(TransferChunk.CAPACITY, end - offset);
      if (source.read(offset, chunk.fill(wanted)) != wanted) {
        throw new StorageException(
            node.location() + ": ends before its size; it changed while it was read");
      }
      content.write(offset, chunk);
      tally.copied(wanted);
      offset += wanted;
    }
  }

  private void end(@Nullable Source source, TreeEncoding.@Nullable FileEncoding content) {
    try (OutputFile copy = out) {
      if (source != null) {
        source.close();
      }
      if (content != null && !damaged && !crew.stopping()) {
        content.finish();
        attributes.apply(copy, node, path);
        copy.sync();
        tally.files.increment();
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      crew.endFile();
    }
  }

  private void fail(Throwable cause) {
    switch (cause) {
      case IntegrityException damage when continueAfterDamage -> {
        boolean first;
        synchronized (this) {
          first = !damaged;
          damaged = true;
        }
        if (first) {
          tally.failed(node.location(), path, damage);
        }
      }
      case SystemCallException e -> crew.abort(WriteErrors.translate(e, path));
      default -> crew.abort(cause);
    }
  }
}
