package io.unsealfs.trees;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tree that says whatever a test wants it to say, possible or not. */
public final class MemoryTree implements FileTree {
  private static final int DEFAULT_MODE = 0755;

  /** Runs before every read of a file; may throw what the read is to throw. */
  public interface Hook {
    /** A read of {@code length} bytes from {@code offset} is about to be served. */
    void reading(long offset, int length) throws IOException;
  }

  /** One object of the tree. */
  public static final class Item implements Node {
    private final Attributes attributes;
    private final byte[] content;
    private final List<Name> names = new ArrayList<>();
    private final List<Item> items = new ArrayList<>();
    private @Nullable Hook hook;
    private @Nullable IOException listingFails;

    private Item(Attributes attributes, byte[] content) {
      this.attributes = attributes;
      this.content = content;
    }

    /** Adds {@code item} to this directory, whatever {@code name} is. */
    public Item add(Name name, Item item) {
      names.add(name);
      items.add(item);
      return this;
    }

    /** Runs {@code newHook} before every read. */
    public Item onRead(Hook newHook) {
      hook = newHook;
      return this;
    }

    /** Lets listing this directory fail. */
    public Item failListing(IOException failure) {
      listingFails = failure;
      return this;
    }

    @Override
    public Attributes attributes() {
      return attributes;
    }

    @Override
    public String location() {
      return "stored-" + attributes.fileId();
    }
  }

  private final Item root;

  /** A tree with this root. */
  public MemoryTree(Item root) {
    this.root = root;
  }

  /** An object of any kind. */
  public static Item item(NodeKind kind, long fileId, int mode, int linkCount, byte[] content) {
    return new Item(
        new Attributes(
            kind, fileId, content.length, 0, mode, 0, 0, linkCount, 1_000_000_000L, 0, 0),
        content);
  }

  /** A directory. */
  public static Item directory(long fileId) {
    return item(NodeKind.DIRECTORY, fileId, DEFAULT_MODE, 2, new byte[0]);
  }

  /** A file of one name. */
  public static Item file(long fileId, byte[] content) {
    return item(NodeKind.FILE, fileId, DEFAULT_MODE, 1, content);
  }

  @Override
  public Node root() {
    return root;
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    Item item = (Item) directory;
    int index = item.names.indexOf(name);
    if (index < 0) {
      throw new NoSuchFileException(name.toString());
    }
    return item.items.get(index);
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    Item item = (Item) directory;
    if (item.listingFails != null) {
      throw item.listingFails;
    }
    List<DirectoryEntry> entries = new ArrayList<>();
    for (int i = 0; i < item.names.size(); i++) {
      Attributes attributes = item.items.get(i).attributes;
      entries.add(new DirectoryEntry(item.names.get(i), attributes.kind(), attributes.fileId()));
    }
    return entries;
  }

  @Override
  public Source open(Node file) {
    Item item = (Item) file;
    return new Source() {
      @Override
      public long size() {
        return item.content.length;
      }

      @Override
      public int read(long offset, ByteBuffer dst) throws IOException {
        int length = (int) Math.min(dst.remaining(), Math.max(0, item.content.length - offset));
        if (item.hook != null) {
          item.hook.reading(offset, length);
        }
        dst.put(item.content, (int) offset, length);
        return length;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Name readLink(Node link) {
    return Name.of(((Item) link).content);
  }

  @Override
  public List<Name> listXattrs(Node node) {
    return List.of();
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    throw new NoSuchAttributeException(name.toString());
  }

  @Override
  public Statistics statistics() {
    return new Statistics(4096, 0, 0, 0, 0);
  }

  @Override
  public void close() {}
}
