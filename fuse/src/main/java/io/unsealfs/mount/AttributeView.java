package io.unsealfs.mount;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.NodeKind;
import java.util.OptionalInt;

/**
 * Attributes as the mount shows them: the stored ones after {@code uid=, gid=, umask=, allow_uid=}.
 */
final class AttributeView {
  private final MountOptions options;

  AttributeView(MountOptions options) {
    this.options = options;
  }

  Attributes of(Attributes stored) {
    return with(
        stored,
        stored.mode() & ~options.umask() & 07777,
        options.uid().orElse(stored.uid()),
        options.gid().orElse(stored.gid()));
  }

  /**
   * The root directory. With {@code allow_uid} it belongs to that user alone, and the kernel
   * ({@code default_permissions}) stops everybody else there, whatever it has cached below.
   */
  Attributes ofRoot(Attributes stored) {
    Attributes shown = of(stored);
    OptionalInt only =
        options.allowUids().isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of(options.allowUids().getFirst());
    return only.isPresent() ? with(shown, 0700, only.getAsInt(), shown.gid()) : shown;
  }

  /** The file type bits of {@code st_mode}. */
  static int typeBits(NodeKind kind) {
    return switch (kind) {
      case FIFO -> 0010000;
      case CHARACTER_DEVICE -> 0020000;
      case DIRECTORY -> 0040000;
      case BLOCK_DEVICE -> 0060000;
      case FILE -> 0100000;
      case SYMLINK -> 0120000;
      case SOCKET -> 0140000;
    };
  }

  private static Attributes with(Attributes a, int mode, int uid, int gid) {
    return new Attributes(
        a.kind(),
        a.fileId(),
        a.size(),
        a.blocks(),
        mode,
        uid,
        gid,
        a.linkCount(),
        a.modifiedNanos(),
        a.changedNanos(),
        a.deviceNumber());
  }
}
