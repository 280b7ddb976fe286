package io.unsealfs.fuzz;

import io.unsealfs.fuzz.FaultPlan.Fault;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A tree that goes wrong as a {@link FaultPlan} says. */
final class FaultyTree implements FileTree {
  private static final int BLOCK = 4128;

  private final FileTree tree;
  private final FaultPlan plan;

  FaultyTree(FileTree tree, FaultPlan plan) {
    this.tree = tree;
    this.plan = plan;
  }

  @Override
  public Node root() throws IOException {
    plan.call();
    return tree.root();
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    plan.call();
    return tree.lookup(directory, name);
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    plan.call();
    return tree.list(directory);
  }

  @Override
  public Source open(Node file) throws IOException {
    Fault fault = plan.turn();
    long more =
        switch (fault) {
          case NONE -> 0;
          case LONGER -> BLOCK;
          case SHORTER -> -BLOCK;
          default -> {
            plan.fail(fault);
            yield 0;
          }
        };
    Source source = tree.open(file);
    plan.opened();
    return new FaultySource(source, plan, Math.max(0, source.size() + more), new AtomicBoolean());
  }

  @Override
  public Name readLink(Node link) throws IOException {
    plan.call();
    return tree.readLink(link);
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    plan.call();
    return tree.listXattrs(node);
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    plan.call();
    return tree.xattr(node, name);
  }

  @Override
  public Statistics statistics() throws IOException {
    return tree.statistics();
  }

  @Override
  public void close() throws IOException {
    tree.close();
  }

  private record FaultySource(Source source, FaultPlan plan, long size, AtomicBoolean closed)
      implements Source {
    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      Fault fault = plan.turn();
      int start = dst.position();
      switch (fault) {
        case NONE -> {}
        case SHORT_READ -> {
          int limit = dst.limit();
          dst.limit(start + dst.remaining() / 2);
          int read = source.read(offset, dst);
          dst.limit(limit);
          return read;
        }
        case WRONG_BYTES -> {
          int read = source.read(offset, dst);
          if (read > 0) {
            int at = start + read / 2;
            dst.put(at, (byte) (dst.get(at) ^ 1));
          }
          return read;
        }
        default -> plan.fail(fault);
      }
      return source.read(offset, dst);
    }

    @Override
    public void close() throws IOException {
      if (closed.compareAndSet(false, true)) {
        plan.closed();
      }
      source.close();
    }
  }
}
