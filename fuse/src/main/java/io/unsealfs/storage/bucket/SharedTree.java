package io.unsealfs.storage.bucket;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A tree that several hold one after the other, each of whom closes it: a header is looked at, keys
 * are tried, the volume is opened, and the bucket is listed once. Thread-safe.
 */
public final class SharedTree implements Closeable {
  private final FileTree tree;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Shares {@code tree}, which is closed with the last holder; whoever makes this is the first. */
  public SharedTree(FileTree tree) {
    this.tree = tree;
  }

  /** The tree for one more holder. */
  public FileTree hold() {
    if (closed.get()) {
      throw new IllegalStateException("a tree that was closed");
    }
    holders.incrementAndGet();
    return new View();
  }

  private void letGo() throws IOException {
    if (holders.decrementAndGet() == 0) {
      tree.close();
    }
  }

  /** The maker's own hold ends. Idempotent. */
  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      letGo();
    }
  }

  private final class View implements FileTree {
    private final AtomicBoolean ended = new AtomicBoolean();

    @Override
    public Node root() throws IOException {
      return tree.root();
    }

    @Override
    public Node lookup(Node directory, Name name) throws IOException {
      return tree.lookup(directory, name);
    }

    @Override
    public List<DirectoryEntry> list(Node directory) throws IOException {
      return tree.list(directory);
    }

    @Override
    public Source open(Node file) throws IOException {
      return tree.open(file);
    }

    @Override
    public Name readLink(Node link) throws IOException {
      return tree.readLink(link);
    }

    @Override
    public List<Name> listXattrs(Node node) throws IOException {
      return tree.listXattrs(node);
    }

    @Override
    public byte[] xattr(Node node, Name name) throws IOException {
      return tree.xattr(node, name);
    }

    @Override
    public boolean opensShowNothingNew() {
      return tree.opensShowNothingNew();
    }

    @Override
    public long generation() {
      return tree.generation();
    }

    @Override
    public Statistics statistics() throws IOException {
      return tree.statistics();
    }

    @Override
    public void close() throws IOException {
      if (ended.compareAndSet(false, true)) {
        letGo();
      }
    }
  }
}
