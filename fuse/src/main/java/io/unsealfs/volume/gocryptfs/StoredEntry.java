package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.Name;

/** What an entry of a stored directory stands for. */
sealed interface StoredEntry {

  /** The entry as the storage lists it. */
  DirectoryEntry stored();

  /** An object of the plaintext tree. */
  record Named(DirectoryEntry stored, Name plaintextName) implements StoredEntry {}

  /** A file of gocryptfs's own, which the plaintext tree does not show. */
  record Service(DirectoryEntry stored, Purpose purpose) implements StoredEntry {}

  /** An entry whose name says nothing under this key. */
  record Undecodable(DirectoryEntry stored, String problem) implements StoredEntry {}

  /** What a service file is for. */
  enum Purpose {
    CONFIG,
    TWEAK,
    REMOVED_TWEAK,
    LONG_NAME
  }
}
