package io.unsealfs.mount.kernel;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The nodes the kernel holds references to, by number and by place. Each entry in a reply is one
 * reference more, a forget takes some away, and at zero the number is gone for good: numbers are
 * never used twice.
 *
 * <p>A node is its place, a name in a directory: two hard links are two nodes with the same {@code
 * st_ino}, as with libfuse. All changes of one place's count happen inside {@code byPlace.compute},
 * so that a lookup and the forget that races with it come one after the other. Nothing else happens
 * inside it: who is told of a node that goes, which may mean to close its file, is told afterwards.
 */
final class Inodes {
  private record Place(long parentId, Name name) {}

  private final Inode root;
  private final ConcurrentHashMap<Long, Inode> byId = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Place, Inode> byPlace = new ConcurrentHashMap<>();
  private final AtomicLong lastId = new AtomicLong(Inode.ROOT_ID);
  private final LongConsumer onForgotten;

  /**
   * A table that holds the root only.
   *
   * @param onForgotten told the number of each node that has gone, once
   */
  Inodes(Node root, LongConsumer onForgotten) {
    this.root = new Inode(Inode.ROOT_ID, null, Name.of("/"), root);
    this.onForgotten = onForgotten;
  }

  /** The node of this number, null if there is none. */
  @Nullable Inode get(long id) {
    return id == Inode.ROOT_ID ? root : byId.get(id);
  }

  /** Counts one reference to what was found as {@code name} in {@code parent}. */
  Inode refer(Inode parent, Name name, Node found) {
    return Objects.requireNonNull(
        byPlace.compute(
            new Place(parent.id(), name),
            (place, known) -> {
              Inode inode = known;
              if (inode != null && inode.isStill(found)) {
                inode.refresh(found);
              } else {
                // Another file in the same place is another node; the old one goes when forgotten.
                inode = new Inode(lastId.incrementAndGet(), parent, name, found);
                byId.put(inode.id(), inode);
              }
              inode.references++;
              return inode;
            }));
  }

  /** Takes {@code count} references away. The root stays. */
  void forget(long id, long count) {
    Inode inode = byId.get(id);
    if (inode == null) {
      return;
    }
    AtomicBoolean gone = new AtomicBoolean();
    byPlace.compute(
        new Place(inode.parentId(), inode.name()),
        (place, current) -> {
          inode.references -= count;
          if (inode.references > 0) {
            return current;
          }
          gone.set(byId.remove(id) != null);
          return current == inode ? null : current;
        });
    if (gone.get()) {
      onForgotten.accept(id);
    }
  }

  /** The node of the root directory. */
  Inode root() {
    return root;
  }

  /** The numbers of all nodes known now, without the root's. */
  List<Long> ids() {
    return List.copyOf(byId.keySet());
  }

  /** Nodes known, without the root. */
  int size() {
    return byId.size();
  }

  /** Forgets all of them. */
  void clear() {
    byPlace.clear();
    byId.clear();
  }
}
