package io.unsealfs.mount;

import java.util.List;
import java.util.OptionalInt;

/**
 * How a tree is shown.
 *
 * @param fsName source as shown in the mount table
 * @param allowOther whether users other than the mounting one may look in
 * @param allowUids only these users and root may look in; empty: no such limit. Enforced by the
 *     kernel (owner and mode of the root directory), since cached names never reach a callback
 * @param uid owner to show instead of the stored one
 * @param gid group to show instead of the stored one
 * @param umask permission bits to take away, as an octal mode; 0 for none
 */
public record MountOptions(
    String fsName,
    boolean allowOther,
    List<Integer> allowUids,
    OptionalInt uid,
    OptionalInt gid,
    int umask) {

  /** Copies the list. */
  public MountOptions {
    allowUids = List.copyOf(allowUids);
  }
}
