package io.unsealfs.storage.local;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link FileTree} into an empty directory of ours, through a {@link TreeEncoding}. One
 * thread walks the tree and makes the entries, a crew copies the content; directories get their
 * attributes last, since every entry made in them changes their times and their mode may forbid it.
 */
final class TreeCopy {
  private final FileTree source;
  private final OutputDirectory target;
  private final TreeEncoding encoding;
  private final CopyOptions options;
  private final CopyTally tally;
  private final AttributeCopy attributes;
  private final StopSwitch stop;
  private final Deque<Directory> pending = new ArrayDeque<>();
  private final List<Directory> directories = new ArrayList<>();
  private final Map<FileKey, FirstName> linked = new HashMap<>();
  private final List<CopiedName> names = new ArrayList<>();

  /** A directory that was made; {@code shown} is its plaintext path. */
  private record Directory(Node node, RelativePath path, String shown) {
    String child(Name name) {
      return shown.isEmpty() ? name.toString() : shown + "/" + name;
    }
  }

  private record FileKey(long fileId, NodeKind kind) {}

  /** Where the first of several names of one file was made. */
  private record FirstName(CopiedName name) {}

  /** A name under which the content of {@code copy}, null for a link or FIFO, can be found. */
  private record CopiedName(RelativePath path, @Nullable FileCopy copy) {}

  TreeCopy(
      FileTree source,
      OutputDirectory target,
      TreeEncoding encoding,
      CopyOptions options,
      CopyTally tally,
      StopSwitch stop) {
    this.source = source;
    this.target = target;
    this.encoding = encoding;
    this.options = options;
    this.tally = tally;
    this.stop = stop;
    this.attributes = new AttributeCopy(source, encoding, options, tally);
  }

  /** Copies all. On an exception the target holds rubbish, which is the caller's to remove. */
  void run() throws IOException {
    try (CopyCrew crew = new CopyCrew(options.parallelism(), stop)) {
      try {
        add(new Directory(source.root(), RelativePath.ROOT, ""));
        while (!pending.isEmpty()) {
          fill(pending.pop(), crew);
        }
        crew.await();
      } catch (Throwable t) {
        crew.abort(t);
        throw t;
      }
    }
    removeDamaged();
    for (Directory directory : directories.reversed()) {
      stop.check();
      finish(directory);
    }
  }

  private void add(Directory directory) {
    pending.push(directory);
    directories.add(directory);
    tally.directories.increment();
  }

  private void fill(Directory directory, CopyCrew crew) throws IOException {
    try (OutputDirectory out = target.beneath(directory.path().bytes())) {
      TreeEncoding.NameEncoding encoder = encoding.names(out);
      for (DirectoryEntry entry : list(directory)) {
        crew.check();
        copy(directory, entry.name(), out, encoder, crew);
      }
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, directory.shown());
    }
  }

  private List<DirectoryEntry> list(Directory directory) throws IOException {
    try {
      return source.list(directory.node());
    } catch (IntegrityException e) {
      damaged(directory.node().location(), directory.shown(), e);
      return List.of();
    }
  }

  private void copy(
      Directory directory,
      Name name,
      OutputDirectory out,
      TreeEncoding.NameEncoding encoder,
      CopyCrew crew)
      throws IOException {
    String shown = directory.child(name);
    try {
      requireEntryName(name, directory);
      Node node = source.lookup(directory.node(), name);
      switch (node.kind()) {
        case SOCKET -> tally.noticed(shown, "sockets are not copied");
        case CHARACTER_DEVICE, BLOCK_DEVICE -> tally.noticed(shown, "devices are not copied");
        case DIRECTORY, FILE, SYMLINK, FIFO ->
            create(directory, name, node, shown, out, encoder, crew);
      }
    } catch (IntegrityException e) {
      damaged(directory.node().location(), shown, e);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, shown);
    }
  }

  private void create(
      Directory directory,
      Name name,
      Node node,
      String shown,
      OutputDirectory out,
      TreeEncoding.NameEncoding encoder,
      CopyCrew crew)
      throws IOException {
    // Read before anything is made: a damaged target leaves no entry behind.
    byte[] linkTarget =
        node.kind() == NodeKind.SYMLINK
            ? encoding.linkTarget(source.readLink(node).toBytes(), shown)
            : new byte[0];
    byte[] stored = encoder.store(out, name.toBytes());
    RelativePath path = directory.path().child(stored);
    try {
      if (link(node, path, out, stored)) {
        return;
      }
      FileCopy copy = null;
      switch (node.kind()) {
        case DIRECTORY -> {
          out.createDirectory(stored);
          add(new Directory(node, path, shown));
        }
        case SYMLINK -> {
          out.createSymlink(stored, linkTarget);
          attributes.apply(out, stored, node, shown);
          tally.others.increment();
        }
        case FIFO -> {
          out.createFifo(stored);
          attributes.apply(out, stored, node, shown);
          tally.others.increment();
        }
        default -> copy = start(node, shown, out, stored, crew);
      }
      made(node, new CopiedName(path, copy));
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.EEXIST) {
        throw new IntegrityException(
            node.location() + ": its directory lists two entries of one name", e);
      }
      throw e;
    }
  }

  private FileCopy start(Node node, String shown, OutputDirectory out, byte[] stored, CopyCrew crew)
      throws IOException {
    crew.beginFile();
    boolean begun = false;
    try {
      OutputFile file = out.createFile(stored);
      FileCopy copy =
          new FileCopy(
              source,
              node,
              shown,
              file,
              encoding,
              attributes,
              tally,
              crew,
              options.continueAfterDamage());
      crew.submit(copy::run);
      begun = true;
      return copy;
    } finally {
      if (!begun) {
        crew.endFile();
      }
    }
  }

  /** Whether {@code node} is a further name of what was made already; then it becomes one here. */
  private boolean link(Node node, RelativePath path, OutputDirectory out, byte[] stored)
      throws SystemCallException {
    FirstName first = linked.get(key(node));
    if (node.kind() == NodeKind.DIRECTORY || first == null) {
      return false;
    }
    RelativePath existing = first.name().path();
    try (OutputDirectory from = target.beneath(existing.parent())) {
      out.createLink(stored, from, existing.lastName());
    }
    tally.links.increment();
    names.add(new CopiedName(path, first.name().copy()));
    return true;
  }

  private void made(Node node, CopiedName name) {
    if (node.kind() != NodeKind.DIRECTORY && node.attributes().linkCount() > 1) {
      linked.put(key(node), new FirstName(name));
    }
    if (name.copy() != null && options.continueAfterDamage()) {
      names.add(name);
    }
  }

  private static FileKey key(Node node) {
    return new FileKey(node.attributes().fileId(), node.kind());
  }

  private void removeDamaged() throws IOException {
    for (CopiedName name : names) {
      if (name.copy() != null && name.copy().damaged()) {
        try (OutputDirectory directory = target.beneath(name.path().parent())) {
          directory.removeFile(name.path().lastName());
        } catch (SystemCallException e) {
          throw WriteErrors.translate(e, "a damaged file's copy");
        }
      }
    }
  }

  private void finish(Directory directory) throws IOException {
    try (OutputDirectory out = target.beneath(directory.path().bytes())) {
      attributes.apply(out, directory.node(), directory.shown());
      out.sync();
    } catch (IntegrityException e) {
      damaged(directory.node().location(), directory.shown(), e);
    } catch (SystemCallException e) {
      throw WriteErrors.translate(e, directory.shown());
    }
  }

  private void damaged(String location, String shown, IntegrityException damage)
      throws IntegrityException {
    if (!options.continueAfterDamage()) {
      throw damage;
    }
    tally.failed(location, shown, damage);
  }

  /** A tree may be made by somebody who wants its copy to land elsewhere. */
  private static void requireEntryName(Name name, Directory directory) throws IntegrityException {
    int length = name.length();
    boolean possible = length > 0 && length <= FileTree.NAME_MAX;
    for (int i = 0; i < length && possible; i++) {
      possible = name.at(i) != '/' && name.at(i) != 0;
    }
    boolean dots = name.equals(Name.of(".")) || name.equals(Name.of(".."));
    if (!possible || dots) {
      throw new IntegrityException(
          directory.node().location() + ": lists an entry that cannot be a name");
    }
  }
}
