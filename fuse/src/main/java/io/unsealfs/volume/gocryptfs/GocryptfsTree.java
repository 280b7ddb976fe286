package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.DecryptingSource;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.gocryptfs.StoredEntry.Named;
import io.unsealfs.volume.gocryptfs.StoredEntry.Service;
import io.unsealfs.volume.gocryptfs.StoredEntry.Undecodable;
import java.io.IOException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;

/** The plaintext of a volume. Closing it closes the ciphertext tree. */
final class GocryptfsTree implements FileTree {
  private final FileTree ciphertext;
  private final ContentCipher content;
  private final BlockLayout layout;
  private final EntryDecoder entries;
  private final LinkTargets links;
  private final ExtendedAttributes attributes;
  private final BlockCache cache;
  private final LimitedWarnings warnings;

  GocryptfsTree(
      FileTree ciphertext,
      GocryptfsConfig config,
      VolumeCiphers ciphers,
      BlockCache cache,
      LimitedWarnings warnings) {
    this.ciphertext = ciphertext;
    this.content = ciphers.content();
    this.layout = content.layout();
    this.entries = new EntryDecoder(ciphertext, config, ciphers.names());
    this.links = new LinkTargets(ciphertext, config, ciphers);
    this.attributes = new ExtendedAttributes(ciphertext, ciphers);
    this.cache = cache;
    this.warnings = warnings;
  }

  EntryDecoder entries() {
    return entries;
  }

  @Override
  public Node root() throws IOException {
    Node stored = ciphertext.root();
    return new PlaintextNode(this, stored, stored.attributes(), true, false);
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    PlaintextNode parent = ownDirectory(directory);
    Name storedName = entries.storedName(parent.stored(), parent.isRoot(), name);
    Node stored = ciphertext.lookup(parent.stored(), storedName);
    return new PlaintextNode(
        this, stored, plaintextAttributes(stored), false, ContainerNames.hasIndexAtEnd(name));
  }

  private Attributes plaintextAttributes(Node stored) throws IOException {
    Attributes attributes = stored.attributes();
    return switch (attributes.kind()) {
      case FILE -> attributes.withSize(ContentLayout.plaintextSize(layout, attributes.size()));
      case SYMLINK -> attributes.withSize(targetLength(stored));
      case DIRECTORY, FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> attributes;
    };
  }

  /** lstat(2) works on a damaged link too, and shows no length. */
  private long targetLength(Node storedLink) throws IOException {
    try {
      return links.read(storedLink).length();
    } catch (IntegrityException e) {
      return 0;
    }
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    PlaintextNode node = ownDirectory(directory);
    entries.requireTweak(node.stored());
    List<DirectoryEntry> stored = ciphertext.list(node.stored());
    List<DirectoryEntry> plaintext = new ArrayList<>(stored.size());
    for (DirectoryEntry entry : stored) {
      switch (entries.decode(node.stored(), node.isRoot(), entry)) {
        case Named named ->
            plaintext.add(new DirectoryEntry(named.plaintextName(), entry.kind(), entry.fileId()));
        case Undecodable bad -> warnings.leftOut(node.location(), entry.name(), bad.problem());
        case Service hidden -> {}
      }
    }
    return plaintext;
  }

  @Override
  public Source open(Node file) throws IOException {
    PlaintextNode node = own(file);
    if (node.kind() != NodeKind.FILE) {
      throw new IllegalNodeException(node.location() + ": not a regular file");
    }
    Source stored = ciphertext.open(node.stored());
    boolean kept = false;
    try {
      long plaintextSize = ContentLayout.plaintextSize(layout, stored.size());
      if (plaintextSize == 0) {
        return EmptySource.INSTANCE;
      }
      // before the header is read, whose round trip is theirs too
      if (node.hasIndexAtEnd()) {
        stored.expectEnd();
      } else {
        stored.expectStart();
      }
      FileHeader header;
      try {
        header = FileHeader.read(stored);
      } catch (IntegrityException e) {
        return new DamagedSource(plaintextSize, node.location(), e.problem());
      }
      Source plaintext =
          new DecryptingSource(
              stored,
              content.forFile(header),
              plaintextSize,
              node.attributes().fileId(),
              node.location(),
              cache);
      kept = true;
      return plaintext;
    } finally {
      if (!kept) {
        stored.close();
      }
    }
  }

  @Override
  public Name readLink(Node link) throws IOException {
    PlaintextNode node = own(link);
    if (node.kind() != NodeKind.SYMLINK) {
      throw new IllegalNodeException(node.location() + ": not a symbolic link");
    }
    return links.read(node.stored());
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    Node stored = own(node).stored();
    return attributes.list(
        stored,
        (name, problem) ->
            warnings.give(stored.location() + ": attribute " + name + " is left out: " + problem));
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    return attributes.value(own(node).stored(), name);
  }

  @Override
  public Statistics statistics() throws IOException {
    return ciphertext.statistics();
  }

  @Override
  public void close() throws IOException {
    ciphertext.close();
  }

  private PlaintextNode ownDirectory(Node node) throws IOException {
    PlaintextNode own = own(node);
    if (own.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(own.location());
    }
    return own;
  }

  private PlaintextNode own(Node node) throws IllegalNodeException {
    if (node instanceof PlaintextNode own && own.isOf(this)) {
      return own;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }
}
