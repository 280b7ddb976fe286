package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Extended attributes (gocryptfs.md section 9). */
final class ExtendedAttributes {
  private static final Name STORED_PREFIX = Name.of("user.gocryptfs.");
  private static final Name CAPABILITY = Name.of("security.capability");
  private static final int MAX_NAME = 255;

  /** Stored in clear. */
  private static final Set<Name> ACLS =
      Set.of(Name.of("system.posix_acl_access"), Name.of("system.posix_acl_default"));

  private final FileTree ciphertext;
  private final NameCipher names;
  private final ContentCipher content;

  ExtendedAttributes(FileTree ciphertext, VolumeCiphers ciphers) {
    this.ciphertext = ciphertext;
    this.names = ciphers.names();
    this.content = ciphers.content();
  }

  /** One encrypted attribute of a stored object: its stored name, and the plaintext one. */
  record Attribute(Name stored, Name plaintext) {}

  /** Receives the attributes that cannot be named. */
  interface Undecodable {
    void attribute(Name stored, String problem);
  }

  /** Names of the attributes a reader may see. */
  List<Name> list(Node stored, Undecodable undecodable) throws IOException {
    List<Name> visible = new ArrayList<>();
    for (Attribute attribute : encrypted(stored, undecodable)) {
      visible.add(attribute.plaintext());
    }
    for (Name name : ciphertext.listXattrs(stored)) {
      if (ACLS.contains(name)) {
        visible.add(name);
      }
    }
    return visible;
  }

  /** The encrypted attributes of a stored object. */
  List<Attribute> encrypted(Node stored, Undecodable undecodable) throws IOException {
    List<Attribute> attributes = new ArrayList<>();
    for (Name name : ciphertext.listXattrs(stored)) {
      if (!name.startsWith(STORED_PREFIX)) {
        continue;
      }
      try {
        byte[] bytes = name.toBytes();
        Name encoded = Name.of(Arrays.copyOfRange(bytes, STORED_PREFIX.length(), bytes.length));
        Name plaintext = names.decryptXattrName(encoded);
        if (!plaintext.equals(CAPABILITY)) {
          attributes.add(new Attribute(name, plaintext));
        }
      } catch (IntegrityException e) {
        undecodable.attribute(name, e.problem());
      }
    }
    return attributes;
  }

  /**
   * Value of the attribute {@code name}.
   *
   * @throws IntegrityException if it is not authentic
   */
  byte[] value(Node stored, Name name) throws IOException {
    if (ACLS.contains(name)) {
      return ciphertext.xattr(stored, name);
    }
    if (name.length() == 0 || name.length() > MAX_NAME || name.equals(CAPABILITY)) {
      throw new NoSuchAttributeException(stored.location() + ": no such attribute");
    }
    Name storedName = Name.of(STORED_PREFIX.toString() + names.encryptXattrName(name));
    return decrypt(stored, ciphertext.xattr(stored, storedName));
  }

  /** The value behind the stored attribute {@code storedName}. */
  byte[] storedValue(Node stored, Name storedName) throws IOException {
    return decrypt(stored, ciphertext.xattr(stored, storedName));
  }

  private byte[] decrypt(Node stored, byte[] value) throws IntegrityException {
    if (value.length == 0) {
      return value;
    }
    try {
      return content.open(value);
    } catch (IntegrityException binary) {
      // old versions wrote base64 text
      try {
        return content.open(names.base64().decode(value));
      } catch (IntegrityException text) {
        throw new IntegrityException(
            stored.location() + ": value of an extended attribute: " + binary.problem(), binary);
      }
    }
  }
}
