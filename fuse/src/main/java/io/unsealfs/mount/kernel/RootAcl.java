package io.unsealfs.mount.kernel;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NoSuchAttributeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * {@code allow_uid} of several users: an access control list on the root directory, which the
 * kernel obeys, whatever names it has cached below. One user needs none; he simply owns the root.
 *
 * <p>The list is in the form of the attribute {@code system.posix_acl_access}: a version, then
 * entries of tag, permissions and id, little-endian.
 */
final class RootAcl {
  private static final Name ACCESS = Name.of("system.posix_acl_access");
  private static final Name DEFAULT = Name.of("system.posix_acl_default");

  private static final int VERSION = 2;
  private static final int OWNER = 0x01;
  private static final int USER = 0x02;
  private static final int OWNING_GROUP = 0x04;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;
  private static final int ALL = 7;
  private static final int READ_AND_SEARCH = 5;
  private static final int UNDEFINED_ID = -1;
  private static final int ENTRY_SIZE = 8;

  /** The mode a list stands for: the owner's permissions, the mask, and nothing for others. */
  private static final int MODE = ALL << 6 | READ_AND_SEARCH << 3;

  private final List<Integer> users;

  /** A list for these users; for fewer than two there is none. */
  RootAcl(List<Integer> users) {
    this.users =
        users.size() > 1 ? users.stream().sorted(Integer::compareUnsigned).toList() : List.of();
  }

  /** Whether there is a list. */
  boolean isNeeded() {
    return !users.isEmpty();
  }

  /** Whether the attribute {@code name} is answered here. */
  boolean answers(Name name) {
    return isNeeded() && (name.equals(ACCESS) || name.equals(DEFAULT));
  }

  /** The list, of the root only. */
  byte[] value(Inode inode, Name name) throws NoSuchAttributeException {
    if (!inode.isRoot() || !name.equals(ACCESS)) {
      throw new NoSuchAttributeException("no attribute " + name);
    }
    ByteBuffer list =
        ByteBuffer.allocate(4 + ENTRY_SIZE * (4 + users.size())).order(ByteOrder.LITTLE_ENDIAN);
    list.putInt(VERSION);
    entry(list, OWNER, ALL, UNDEFINED_ID);
    for (int user : users) {
      entry(list, USER, READ_AND_SEARCH, user);
    }
    entry(list, OWNING_GROUP, 0, UNDEFINED_ID);
    entry(list, MASK, READ_AND_SEARCH, UNDEFINED_ID);
    entry(list, OTHER, 0, UNDEFINED_ID);
    return list.array();
  }

  private static void entry(ByteBuffer list, int tag, int permissions, int id) {
    list.putShort((short) tag).putShort((short) permissions).putInt(id);
  }

  /** The root's attributes with the mode that goes with the list; others unchanged. */
  Attributes shown(Inode inode, Attributes attributes) {
    if (!isNeeded() || !inode.isRoot()) {
      return attributes;
    }
    return new Attributes(
        attributes.kind(),
        attributes.fileId(),
        attributes.size(),
        attributes.blocks(),
        MODE,
        attributes.uid(),
        attributes.gid(),
        attributes.linkCount(),
        attributes.modifiedNanos(),
        attributes.changedNanos(),
        attributes.deviceNumber());
  }
}
