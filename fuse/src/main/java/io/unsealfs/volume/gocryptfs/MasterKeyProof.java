package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.WrongKeyException;
import io.unsealfs.volume.gocryptfs.GocryptfsConfig.NameMode;
import io.unsealfs.volume.gocryptfs.StoredEntry.Named;
import io.unsealfs.volume.gocryptfs.StoredEntry.Undecodable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a master key that came from outside is this volume's, by what it decrypts. One
 * authentic block or link target is proof. Names carry no tag, only padding that a wrong key hits
 * by chance about once in 250, so they count where they are many or where there is nothing else.
 * Walks a bounded part of the volume.
 */
final class MasterKeyProof {
  private static final int MAX_DIRECTORIES = 64;
  private static final int MAX_ENTRIES = 2000;
  private static final int MAX_CANDIDATES = 16;
  private static final int MAX_BLOCKS_PER_FILE = 8;

  private final FileTree ciphertext;
  private final boolean encryptedNames;
  private final EntryDecoder entries;
  private final ContentCipher content;
  private final LinkTargets links;

  private boolean authentic;
  private int candidates;
  private int goodNames;
  private int badNames;

  MasterKeyProof(
      FileTree ciphertext, GocryptfsConfig config, VolumeCiphers ciphers, EntryDecoder entries) {
    this.ciphertext = ciphertext;
    this.encryptedNames = config.nameMode() != NameMode.PLAINTEXT;
    this.entries = entries;
    this.content = ciphers.content();
    this.links = new LinkTargets(ciphertext, config, ciphers);
  }

  /**
   * Looks for proof.
   *
   * @throws WrongKeyException if what there is speaks against the key
   */
  void require(LimitedWarnings warnings) throws IOException {
    walk();
    if (authentic) {
      return;
    }
    if (candidates == 0 && goodNames == 0 && badNames == 0) {
      warnings.give("the volume holds nothing that could tell whether the master key is right");
      return;
    }
    boolean namesSpeakForIt = goodNames > badNames && (candidates == 0 || goodNames > 1);
    if (!namesSpeakForIt) {
      throw new WrongKeyException(
          "the master key does not open this volume: it decrypts neither names nor content ("
              + candidates
              + " objects tried); it is wrong, or flags in "
              + GocryptfsConfig.FILE_NAME
              + " were changed");
    }
    if (candidates > 0) {
      warnings.give("the master key decrypts names, but none of the files that were tried");
    }
  }

  private void walk() throws IOException {
    Deque<Node> pending = new ArrayDeque<>();
    pending.add(ciphertext.root());
    int seen = 0;
    boolean root = true;
    for (int directories = 0; directories < MAX_DIRECTORIES && !pending.isEmpty(); directories++) {
      Node directory = pending.remove();
      for (DirectoryEntry entry : ciphertext.list(directory)) {
        if (authentic || candidates >= MAX_CANDIDATES || seen++ >= MAX_ENTRIES) {
          return;
        }
        Node object = consider(directory, root, entry);
        if (object != null && pending.size() < MAX_DIRECTORIES) {
          pending.add(object);
        }
      }
      root = false;
    }
  }

  /** Tries one entry; returns it if it is a directory to go on with. */
  private @Nullable Node consider(Node directory, boolean root, DirectoryEntry entry)
      throws IOException {
    StoredEntry decoded;
    try {
      decoded = entries.decode(directory, root, entry);
    } catch (IntegrityException e) {
      // a lost tweak: no names here
      decoded = new Named(entry, entry.name());
    }
    if (decoded instanceof Undecodable) {
      badNames++;
    } else if (decoded instanceof Named) {
      goodNames += encryptedNames ? 1 : 0;
    } else {
      return null;
    }
    try {
      return switch (entry.kind()) {
        case DIRECTORY -> ciphertext.lookup(directory, entry.name());
        case FILE -> tryFile(ciphertext.lookup(directory, entry.name()));
        case SYMLINK -> tryLink(ciphertext.lookup(directory, entry.name()));
        case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> null;
      };
    } catch (IOException e) {
      // gone, replaced or unreadable: it says nothing about the key
      return null;
    }
  }

  private @Nullable Node tryLink(Node link) throws IOException {
    if (encryptedNames && link.kind() == NodeKind.SYMLINK) {
      candidates++;
      try {
        links.read(link);
        authentic = true;
      } catch (IntegrityException e) {
        return null;
      }
    }
    return null;
  }

  private @Nullable Node tryFile(Node file) throws IOException {
    if (file.kind() != NodeKind.FILE) {
      return null;
    }
    BlockLayout layout = content.layout();
    try (Source stored = ciphertext.open(file)) {
      long size = ContentLayout.plaintextSize(layout, stored.size());
      if (size == 0) {
        return null;
      }
      try (BlockCipher.Decryptor decryptor = content.forFile(FileHeader.read(stored)).borrow()) {
        boolean tried = false;
        for (long block = 0;
            block < Math.min(MAX_BLOCKS_PER_FILE, layout.blockCount(size));
            block++) {
          byte[] bytes = new byte[layout.ciphertextLength(block, size)];
          int length = stored.read(layout.ciphertextOffset(block), ByteBuffer.wrap(bytes));
          if (isZero(bytes)) {
            continue; // a hole proves nothing
          }
          if (!tried) {
            candidates++;
            tried = true;
          }
          if (decrypts(decryptor, block, bytes, length)) {
            authentic = true;
            return null;
          }
        }
      } catch (IntegrityException e) {
        // a damaged header: says nothing about the key
        return null;
      }
    }
    return null;
  }

  private static boolean decrypts(
      BlockCipher.Decryptor decryptor, long block, byte[] bytes, int length) {
    try {
      decryptor.decrypt(block, bytes, 0, length, new byte[ContentLayout.PLAINTEXT_BLOCK], 0);
      return true;
    } catch (IntegrityException e) {
      return false;
    }
  }

  private static boolean isZero(byte[] bytes) {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }
}
