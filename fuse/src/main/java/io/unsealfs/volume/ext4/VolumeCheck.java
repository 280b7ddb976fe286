package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume.CheckSummary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads everything that can be reached from the root and reports what is damaged, going on after
 * each damage. Each inode is read once, however many names it has; blocks that several files claim
 * are read only as often as the file system has blocks.
 */
final class VolumeCheck {
  private static final int READ_SIZE = 1 << 20;

  private final OpenedFileSystem opened;
  private final Ext4Tree tree;
  private final Consumer<Finding> findings;
  private final Consumer<Long> plaintextBytesRead;
  private final Deque<Place> pending = new ArrayDeque<>();
  private final Map<Long, BitSet> seen = new HashMap<>();
  private final ByteBuffer plaintext = ByteBuffer.allocate(READ_SIZE);
  private long budget;

  private long files;
  private long directories;
  private long others;
  private long plaintextBytes;
  private long damages;

  VolumeCheck(
      OpenedFileSystem opened,
      Ext4Tree tree,
      Consumer<Finding> findings,
      Consumer<Long> plaintextBytesRead) {
    this.opened = opened;
    this.tree = tree;
    this.findings = findings;
    this.plaintextBytesRead = plaintextBytesRead;
    this.budget = opened.superblock().blocks();
  }

  /** A node and its path; the root's is empty. */
  private record Place(Node node, String path) {
    String child(Name name) {
      return path.isEmpty() ? name.toString() : path + "/" + name;
    }
  }

  CheckSummary run() throws IOException {
    groups();
    Place root = new Place(tree.root(), "");
    isNew(Inode.ROOT);
    attributes(root);
    pending.push(root);
    while (!pending.isEmpty()) {
      directory(pending.pop());
    }
    return new CheckSummary(files, directories, others, plaintextBytes, damages);
  }

  private void groups() throws IOException {
    for (long group = 0; group < opened.superblock().groups(); group++) {
      try {
        long _ = opened.groups().inodeTable(group);
      } catch (IntegrityException e) {
        damage("group " + group, "", e);
      }
    }
  }

  private boolean isNew(long inode) {
    long perSet = opened.superblock().inodesPerGroup();
    BitSet set = seen.computeIfAbsent(inode / perSet, index -> new BitSet());
    int bit = (int) (inode % perSet);
    boolean fresh = !set.get(bit);
    set.set(bit);
    return fresh;
  }

  private void directory(Place place) throws IOException {
    directories++;
    try {
      for (DirectoryEntry entry : tree.list(place.node())) {
        entry(place, entry);
      }
    } catch (IntegrityException e) {
      damage(place, e);
    }
  }

  private void entry(Place directory, DirectoryEntry entry) throws IOException {
    String path = directory.child(entry.name());
    Place place;
    try {
      place = new Place(tree.lookup(directory.node(), entry.name()), path);
    } catch (IntegrityException e) {
      damage("inode " + entry.fileId(), path, e);
      return;
    }
    boolean fresh = isNew(entry.fileId());
    if (place.node().kind() == NodeKind.DIRECTORY && !fresh) {
      damage(place, new IntegrityException(place.node().location() + ": it is in two directories"));
      return;
    }
    if (fresh) {
      try {
        attributes(place);
        content(place);
      } catch (IntegrityException e) {
        damage(place, e);
      }
    }
  }

  private void content(Place place) throws IOException {
    switch (place.node().kind()) {
      case DIRECTORY -> pending.push(place);
      case FILE -> {
        files++;
        file(place);
      }
      case SYMLINK -> {
        others++;
        Name _ = tree.readLink(place.node());
      }
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> others++;
    }
  }

  private void attributes(Place place) throws IOException {
    try {
      for (Name name : tree.listXattrs(place.node())) {
        byte[] _ = tree.xattr(place.node(), name);
      }
    } catch (IntegrityException e) {
      damage(place, e);
    }
  }

  /** Reads what is mapped; a hole costs nothing, however large it is. */
  private void file(Place place) throws IOException {
    Inode inode = opened.inodes().read(place.node().attributes().fileId());
    if (inode.has(Inode.INLINE_DATA)) {
      read(opened.contents().inline(inode).length);
      return;
    }
    long blockSize = opened.superblock().blockSize();
    BlockMap map = opened.contents().map(inode);
    BlockMap.Run run = new BlockMap.Run();
    long size = inode.size();
    long count = size / blockSize + (size % blockSize == 0 ? 0 : 1);
    long most = READ_SIZE / blockSize;
    for (long at = 0; at < count; ) {
      map.find(at, Math.min(count - at, most), run);
      long length = Math.min(run.length, count - at);
      if (run.physical != 0) {
        length = Math.min(length, most);
        if (budget < length) {
          throw inode.damaged("files claim more blocks than there are: some are shared");
        }
        budget -= length;
        opened
            .device()
            .read(run.physical * blockSize, plaintext.clear().limit((int) (length * blockSize)));
        read(Math.min(length * blockSize, size - at * blockSize));
      }
      at += length;
    }
  }

  private void read(long bytes) {
    plaintextBytes += bytes;
    plaintextBytesRead.accept(bytes);
  }

  private void damage(Place place, IntegrityException e) {
    damage(place.node().location(), place.path(), e);
  }

  private void damage(String location, String path, IntegrityException e) {
    damages++;
    String problem = location.equals(e.location()) ? e.problem() : String.valueOf(e.getMessage());
    findings.accept(new Finding(location, path, -1, problem));
  }
}
