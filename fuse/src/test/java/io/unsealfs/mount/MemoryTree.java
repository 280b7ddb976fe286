package io.unsealfs.mount;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A tree in memory. Byte i of a file is a function of the file's number and i, so any size costs
 * nothing. Faults can be planted: the method of that name then throws.
 */
public final class MemoryTree implements FileTree {
  /** What to throw instead of answering. */
  public interface Fault {
    /** Throws. */
    void strike() throws IOException;
  }

  /** A node; directories have children. */
  public static final class MemoryNode implements Node {
    private final Attributes attributes;
    private final String location;
    final Map<Name, MemoryNode> children = new LinkedHashMap<>();
    final Map<Name, byte[]> xattrs = new LinkedHashMap<>();
    @Nullable Name target;

    MemoryNode(Attributes attributes, String location) {
      this.attributes = attributes;
      this.location = location;
    }

    /** Sets an extended attribute. */
    public void xattr(Name name, byte[] value) {
      xattrs.put(name, value);
    }

    @Override
    public Attributes attributes() {
      return attributes;
    }

    @Override
    public String location() {
      return location;
    }
  }

  private final MemoryNode root = new MemoryNode(attributes(NodeKind.DIRECTORY, 1, 0, 0755), "c/");
  private final Map<String, Fault> faults = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
  private volatile boolean opensShowNothingNew;
  private long lastId = 1;

  /** Attributes with the given figures, the rest fixed. */
  public static Attributes attributes(NodeKind kind, long id, long size, int mode) {
    return new Attributes(
        kind,
        id,
        size,
        (size + 511) / 512,
        mode,
        1234,
        5678,
        1,
        1_600_000_000_123_456_789L,
        1_700_000_000_987_654_321L,
        0);
  }

  /** Byte {@code offset} of the file with this number. */
  public static byte content(long fileId, long offset) {
    long mixed = (offset + fileId * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    return (byte) (mixed >>> 32);
  }

  /** All bytes of a file. */
  public static byte[] content(Node file) {
    byte[] all = new byte[(int) file.attributes().size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = content(file.attributes().fileId(), i);
    }
    return all;
  }

  /** The root as a node to add to. */
  public MemoryNode top() {
    return root;
  }

  /** Adds a file of {@code size} bytes. */
  public MemoryNode file(MemoryNode parent, Name name, long size) {
    return add(parent, name, attributes(NodeKind.FILE, ++lastId, size, 0644));
  }

  /** Adds a file of {@code size} bytes to the root. */
  public MemoryNode file(String name, long size) {
    return file(root, Name.of(name), size);
  }

  /** Adds a directory. */
  public MemoryNode directory(MemoryNode parent, Name name) {
    return add(parent, name, attributes(NodeKind.DIRECTORY, ++lastId, 0, 0755));
  }

  /** Adds a symbolic link. */
  public MemoryNode link(String name, Name target) {
    MemoryNode node =
        add(root, Name.of(name), attributes(NodeKind.SYMLINK, ++lastId, target.length(), 0777));
    node.target = target;
    return node;
  }

  /** Adds a node with these attributes. */
  public MemoryNode add(MemoryNode parent, Name name, Attributes attributes) {
    MemoryNode node = new MemoryNode(attributes, "c/" + attributes.fileId());
    parent.children.put(name, node);
    return node;
  }

  /** Plants a fault in the method of that name. */
  public void fault(String method, Fault fault) {
    faults.put(method, fault);
  }

  /** Says that a transport need not ask for opens. */
  public void needsNoOpens() {
    opensShowNothingNew = true;
  }

  /** Takes all faults away. */
  public void heal() {
    faults.clear();
  }

  /** How often the method of that name was called. */
  public int calls(String method) {
    return calls.computeIfAbsent(method, m -> new AtomicInteger()).get();
  }

  private void called(String method) throws IOException {
    calls.computeIfAbsent(method, m -> new AtomicInteger()).incrementAndGet();
    Fault fault = faults.get(method);
    if (fault != null) {
      fault.strike();
    }
  }

  @Override
  public Node root() throws IOException {
    called("root");
    return root;
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    called("lookup");
    if (name.length() > NAME_MAX) {
      throw new NameTooLongException("too long");
    }
    if (directory.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(directory.location());
    }
    MemoryNode child = ((MemoryNode) directory).children.get(name);
    if (child == null) {
      throw new NoSuchFileException(name.toString());
    }
    return child;
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    called("list");
    List<DirectoryEntry> entries = new ArrayList<>();
    ((MemoryNode) directory)
        .children.forEach((name, node) ->
            entries.add(new DirectoryEntry(name, node.kind(), node.attributes().fileId())));
    return entries;
  }

  @Override
  public Source open(Node file) throws IOException {
    called("open");
    return new ComputedSource(file.attributes().fileId(), file.attributes().size());
  }

  @Override
  public Name readLink(Node link) throws IOException {
    called("readLink");
    Name target = ((MemoryNode) link).target;
    if (target == null) {
      throw new IllegalNodeException("no link");
    }
    return target;
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    called("listXattrs");
    return List.copyOf(((MemoryNode) node).xattrs.keySet());
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    called("xattr");
    byte[] value = ((MemoryNode) node).xattrs.get(name);
    if (value == null) {
      throw new NoSuchAttributeException(name.toString());
    }
    return value.clone();
  }

  @Override
  public boolean opensShowNothingNew() {
    return opensShowNothingNew;
  }

  @Override
  public Statistics statistics() throws IOException {
    called("statistics");
    return new Statistics(4096, 1000, 100, 500, 50);
  }

  @Override
  public void close() {}

  private final class ComputedSource implements Source {
    private final long fileId;
    private final long size;

    ComputedSource(long fileId, long size) {
      this.fileId = fileId;
      this.size = size;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      called("read");
      int count = (int) Math.clamp(size - offset, 0L, (long) dst.remaining());
      byte[] bytes = new byte[count];
      for (int i = 0; i < count; i++) {
        bytes[i] = content(fileId, offset + i);
      }
      dst.put(bytes);
      return count;
    }

    @Override
    public void close() throws IOException {
      called("close");
    }
  }
}
