package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.volume.gocryptfs.GocryptfsConfig.NameMode;
import io.unsealfs.volume.gocryptfs.StoredEntry.Named;
import io.unsealfs.volume.gocryptfs.StoredEntry.Purpose;
import io.unsealfs.volume.gocryptfs.StoredEntry.Service;
import io.unsealfs.volume.gocryptfs.StoredEntry.Undecodable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** Between names of the plaintext and names in the storage (gocryptfs.md sections 6 and 7). */
final class EntryDecoder {
  static final Name CONFIG = Name.of(GocryptfsConfig.FILE_NAME);

  private final FileTree ciphertext;
  private final NameMode mode;
  private final NameCipher names;
  private final LongNames longNames;
  private final DirectoryTweaks tweaks;

  EntryDecoder(FileTree ciphertext, GocryptfsConfig config, NameCipher names) {
    this.ciphertext = ciphertext;
    this.mode = config.nameMode();
    this.names = names;
    this.longNames = new LongNames(config.longNameLimit(), names.base64());
    this.tweaks = new DirectoryTweaks(ciphertext, mode == NameMode.PER_DIRECTORY);
  }

  /**
   * The name under which the entry {@code plaintextName} of a directory is stored.
   *
   * @throws IntegrityException if the directory's tweak is lost
   */
  Name storedName(Node storedDirectory, boolean root, Name plaintextName) throws IOException {
    if (plaintextName.length() > FileTree.NAME_MAX) {
      throw new NameTooLongException(
          storedDirectory.location() + ": name of " + plaintextName.length() + " bytes looked up");
    }
    if (!NameCipher.isFileName(plaintextName.toBytes())
        || (mode == NameMode.PLAINTEXT && root && plaintextName.equals(CONFIG))) {
      throw new NoSuchFileException(storedDirectory.location() + ": no entry of that name");
    }
    if (mode == NameMode.PLAINTEXT) {
      return plaintextName;
    }
    return longNames.storedName(names.encrypt(plaintextName, tweaks.of(storedDirectory)));
  }

  /** Fails as every access to the directory's entries would, if its tweak is lost. */
  void requireTweak(Node storedDirectory) throws IOException {
    if (mode != NameMode.PLAINTEXT) {
      tweaks.of(storedDirectory);
    }
  }

  /**
   * What {@code stored} stands for.
   *
   * @throws IntegrityException if the directory's tweak is lost
   */
  StoredEntry decode(Node storedDirectory, boolean root, DirectoryEntry stored) throws IOException {
    Name name = stored.name();
    if (root && name.equals(CONFIG)) {
      return new Service(stored, Purpose.CONFIG);
    }
    if (mode == NameMode.PLAINTEXT) {
      return new Named(stored, name);
    }
    if (mode == NameMode.PER_DIRECTORY) {
      if (name.equals(DirectoryTweaks.FILE_NAME)) {
        return new Service(stored, Purpose.TWEAK);
      }
      if (isRemovedTweak(name)) {
        return new Service(stored, Purpose.REMOVED_TWEAK);
      }
    }
    if (name.startsWith(LongNames.PREFIX) && name.endsWith(LongNames.NAME_FILE_SUFFIX)) {
      return new Service(stored, Purpose.LONG_NAME);
    }
    byte[] tweak = tweaks.of(storedDirectory);
    try {
      Name encoded =
          name.startsWith(LongNames.PREFIX)
              ? longEncodedName(storedDirectory, name)
              : shortName(name);
      return new Named(stored, names.decrypt(encoded, tweak));
    } catch (IntegrityException e) {
      return new Undecodable(stored, e.problem());
    }
  }

  private Name shortName(Name name) throws IntegrityException {
    if (longNames.isLong(name)) {
      throw new IntegrityException("longer than the volume's limit, but not stored as a long name");
    }
    return name;
  }

  /** The encoded name behind a long name's object, which has to be the one its hash names. */
  private Name longEncodedName(Node storedDirectory, Name object) throws IOException {
    Name encoded;
    try {
      encoded =
          Name.of(
              SmallFile.read(
                  ciphertext,
                  storedDirectory,
                  LongNames.nameFile(object),
                  1,
                  LongNames.MAX_NAME_FILE));
    } catch (NoSuchFileException | NameTooLongException e) {
      throw new IntegrityException("its .name file is missing", e);
    } catch (IllegalNodeException | StaleSourceException e) {
      throw new IntegrityException("its .name file was replaced", e);
    }
    if (!longNames.isLong(encoded)) {
      throw new IntegrityException("its .name file holds a name that is not long");
    }
    if (!longNames.objectName(encoded).equals(object)) {
      throw new IntegrityException("its .name file does not belong to it: the hash differs");
    }
    return encoded;
  }

  private static boolean isRemovedTweak(Name name) {
    int prefix = DirectoryTweaks.REMOVED_PREFIX.length();
    if (!name.startsWith(DirectoryTweaks.REMOVED_PREFIX) || name.length() == prefix) {
      return false;
    }
    for (int i = prefix; i < name.length(); i++) {
      if (name.at(i) < '0' || name.at(i) > '9') {
        return false;
      }
    }
    return true;
  }
}
