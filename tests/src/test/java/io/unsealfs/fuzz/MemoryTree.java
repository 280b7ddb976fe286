package io.unsealfs.fuzz;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
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
import org.jspecify.annotations.Nullable;

/** Ciphertext in memory, which a test changes between two looks at it. One thread at a time. */
final class MemoryTree implements FileTree {
  private final Item root;
  private long lastId;

  MemoryTree() {
    root = new Item(NodeKind.DIRECTORY, ++lastId);
  }

  /** An object of the tree. */
  static final class Item {
    final NodeKind kind;
    final Map<Name, Item> children = new LinkedHashMap<>();
    final Map<Name, byte[]> xattrs = new LinkedHashMap<>();
    long id;

    /** Content of a file, target of a link. */
    byte[] bytes = {};

    private Item(NodeKind kind, long id) {
      this.kind = kind;
      this.id = id;
    }
  }

  private record View(Item item, Attributes attributes, String location) implements Node {}

  /** The root directory. */
  Item rootItem() {
    return root;
  }

  /** A new object, not yet in any directory. */
  Item item(NodeKind kind, byte[] bytes) {
    Item item = new Item(kind, ++lastId);
    item.bytes = bytes;
    return item;
  }

  /** The object at a location as nodes of this tree give it. */
  Item at(String location) {
    Item item = root;
    for (String part : location.split("/", -1)) {
      @Nullable Item child = item.children.get(Name.of(part));
      if (child == null) {
        throw new AssertionError("no stored object at " + location);
      }
      item = child;
    }
    return item;
  }

  /** Makes {@code item} an object that no cache has seen. */
  void renew(Item item) {
    item.id = ++lastId;
  }

  private static View view(Item item, String location) {
    return new View(
        item,
        new Attributes(item.kind, item.id, item.bytes.length, 0, 0644, 0, 0, 1, 0, 0, 0),
        location);
  }

  private static View own(Node node) throws IllegalNodeException {
    if (node instanceof View view) {
      return view;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }

  private static Item own(Node node, NodeKind kind) throws IOException {
    View view = own(node);
    if (view.item().kind != kind) {
      if (kind == NodeKind.DIRECTORY) {
        throw new NotDirectoryException(view.location());
      }
      throw new IllegalNodeException(view.location() + ": not the kind asked for");
    }
    return view.item();
  }

  @Override
  public Node root() {
    return view(root, "");
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    @Nullable Item item = own(directory, NodeKind.DIRECTORY).children.get(name);
    String location =
        directory.location().isEmpty() ? name.toString() : directory.location() + "/" + name;
    if (item == null) {
      throw new NoSuchFileException(location);
    }
    return view(item, location);
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    List<DirectoryEntry> entries = new ArrayList<>();
    own(directory, NodeKind.DIRECTORY)
        .children
        .forEach((name, item) -> entries.add(new DirectoryEntry(name, item.kind, item.id)));
    return entries;
  }

  @Override
  public Source open(Node file) throws IOException {
    return new Bytes(own(file, NodeKind.FILE).bytes);
  }

  @Override
  public Name readLink(Node link) throws IOException {
    return Name.of(own(link, NodeKind.SYMLINK).bytes);
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    return List.copyOf(own(node).item().xattrs.keySet());
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    byte[] value = own(node).item().xattrs.get(name);
    if (value == null) {
      throw new NoSuchAttributeException(node.location() + ": no such attribute");
    }
    return value.clone();
  }

  @Override
  public Statistics statistics() {
    return new Statistics(4096, 0, 0, lastId, 0);
  }

  @Override
  public void close() {}

  private static final class Bytes implements Source {
    private final byte[] content;

    Bytes(byte[] content) {
      this.content = content;
    }

    @Override
    public long size() {
      return content.length;
    }

    @Override
    public int read(long offset, ByteBuffer dst) {
      if (offset >= content.length) {
        return 0;
      }
      int length = Math.min(dst.remaining(), content.length - (int) offset);
      dst.put(content, (int) offset, length);
      return length;
    }

    @Override
    public void close() {}
  }
}
