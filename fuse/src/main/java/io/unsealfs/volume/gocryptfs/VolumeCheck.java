package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume.CheckSummary;
import io.unsealfs.volume.gocryptfs.StoredEntry.Named;
import io.unsealfs.volume.gocryptfs.StoredEntry.Purpose;
import io.unsealfs.volume.gocryptfs.StoredEntry.Service;
import io.unsealfs.volume.gocryptfs.StoredEntry.Undecodable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads a whole volume and reports what is damaged, going on after each damage. Content is read
 * also where the name above it is lost: blocks do not depend on names.
 */
final class VolumeCheck {
  private static final int BLOCKS_PER_READ = 64;

  /** Deeper trees than any path can name are the host's doing. */
  private static final int MAX_PENDING = 1 << 20;

  private final FileTree ciphertext;
  private final ContentCipher content;
  private final BlockLayout layout;
  private final EntryDecoder entries;
  private final LinkTargets links;
  private final ExtendedAttributes attributes;
  private final Consumer<Finding> findings;
  private final Consumer<Long> plaintextBytesRead;
  private final Deque<Place> pending = new ArrayDeque<>();
  private final byte[] stored;
  private final byte[] plaintext = new byte[ContentLayout.PLAINTEXT_BLOCK];

  private long files;
  private long directories;
  private long others;
  private long plaintextBytes;
  private long damages;

  VolumeCheck(
      FileTree ciphertext,
      GocryptfsConfig config,
      VolumeCiphers ciphers,
      Consumer<Finding> findings,
      Consumer<Long> plaintextBytesRead) {
    this.ciphertext = ciphertext;
    this.content = ciphers.content();
    this.layout = content.layout();
    this.entries = new EntryDecoder(ciphertext, config, ciphers.names());
    this.links = new LinkTargets(ciphertext, config, ciphers);
    this.attributes = new ExtendedAttributes(ciphertext, ciphers);
    this.findings = findings;
    this.plaintextBytesRead = plaintextBytesRead;
    this.stored = new byte[BLOCKS_PER_READ * layout.ciphertextBlockSize()];
  }

  /**
   * A stored object.
   *
   * @param path its plaintext path, or that of the deepest directory known above it
   * @param known whether the path is its own
   */
  private record Place(Node node, String path, boolean known, boolean root) {
    String child(Name name) {
      if (!known) {
        return path;
      }
      return path.isEmpty() ? name.toString() : path + "/" + name;
    }
  }

  CheckSummary run() throws IOException {
    pending.push(new Place(ciphertext.root(), "", true, true));
    while (!pending.isEmpty()) {
      Place place = pending.pop();
      try {
        directory(place);
      } catch (IOException e) {
        unreadable(place, e);
      }
    }
    Arrays.fill(plaintext, (byte) 0);
    return new CheckSummary(files, directories, others, plaintextBytes, damages);
  }

  private void directory(Place place) throws IOException {
    directories++;
    boolean named = true;
    try {
      entries.requireTweak(place.node());
    } catch (IntegrityException e) {
      damage(place, -1, e.problem());
      named = false;
    }
    if (place.root()) {
      attributes(place);
    }
    List<DirectoryEntry> list = ciphertext.list(place.node());
    Set<Name> longObjects = new HashSet<>();
    for (DirectoryEntry entry : list) {
      if (entry.name().startsWith(LongNames.PREFIX)) {
        longObjects.add(entry.name());
      }
    }
    for (DirectoryEntry entry : list) {
      if (named) {
        entry(place, entry, longObjects);
      } else if (!isService(place, entry)) {
        object(place, entry, place.path(), false);
      }
    }
  }

  /** Whether an entry of a directory without names is plainly one of gocryptfs's own files. */
  private static boolean isService(Place directory, DirectoryEntry entry) {
    Name name = entry.name();
    return (directory.root() && name.equals(EntryDecoder.CONFIG))
        || name.equals(DirectoryTweaks.FILE_NAME)
        || name.startsWith(DirectoryTweaks.REMOVED_PREFIX)
        || (name.startsWith(LongNames.PREFIX) && name.endsWith(LongNames.NAME_FILE_SUFFIX));
  }

  private void entry(Place directory, DirectoryEntry entry, Set<Name> longObjects)
      throws IOException {
    switch (entries.decode(directory.node(), directory.root(), entry)) {
      case Named named ->
          object(directory, entry, directory.child(named.plaintextName()), directory.known());
      case Undecodable bad -> {
        damage(location(directory, entry), directory.path(), -1, "name: " + bad.problem());
        object(directory, entry, directory.path(), false);
      }
      case Service service -> service(directory, service, longObjects);
    }
  }

  private void service(Place directory, Service service, Set<Name> longObjects) {
    DirectoryEntry entry = service.stored();
    if (service.purpose() == Purpose.LONG_NAME
        && !longObjects.contains(LongNames.objectOf(entry.name()))) {
      damage(
          location(directory, entry),
          directory.path(),
          -1,
          "long name without the object it names");
    } else if (service.purpose() == Purpose.REMOVED_TWEAK) {
      // harmless, and nobody's data: told, but not counted as damage
      findings.accept(
          new Finding(
              location(directory, entry),
              directory.path(),
              -1,
              "left over by an interrupted rmdir, can be deleted",
              false));
    }
  }

  private void object(Place directory, DirectoryEntry entry, String path, boolean known) {
    Place place;
    try {
      place = new Place(ciphertext.lookup(directory.node(), entry.name()), path, known, false);
    } catch (IOException e) {
      damage(location(directory, entry), path, -1, "cannot be read: " + e.getMessage());
      return;
    }
    try {
      attributes(place);
      switch (place.node().kind()) {
        case FILE -> {
          files++;
          file(place);
        }
        case DIRECTORY -> {
          if (pending.size() >= MAX_PENDING) {
            damage(place, -1, "not checked: too many directories side by side");
          } else {
            pending.push(place);
          }
        }
        case SYMLINK -> {
          others++;
          links.read(place.node());
        }
        case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> others++;
      }
    } catch (IOException e) {
      unreadable(place, e);
    }
  }

  private void attributes(Place place) throws IOException {
    Node node = place.node();
    List<ExtendedAttributes.Attribute> list =
        attributes.encrypted(
            node,
            (name, problem) -> damage(place, -1, "extended attribute " + name + ": " + problem));
    for (ExtendedAttributes.Attribute attribute : list) {
      try {
        attributes.storedValue(node, attribute.stored());
      } catch (IntegrityException e) {
        damage(
            place, -1, "value of extended attribute " + attribute.stored() + " is not authentic");
      }
    }
  }

  private void file(Place place) throws IOException {
    try (Source source = ciphertext.open(place.node())) {
      long size = source.size();
      if (size == 0) {
        return;
      }
      if (size < FileHeader.SIZE) {
        damage(place, 0, "the file header is cut short: " + size + " of 18 bytes");
        return;
      }
      if (size == FileHeader.SIZE) {
        damage(place, 0, "a file header without content: cut off, or an interrupted write");
        return;
      }
      FileHeader header;
      try {
        header = FileHeader.read(source);
      } catch (IntegrityException e) {
        damage(place, 0, e.problem());
        return;
      }
      try (ContentCheck check =
          new ContentCheck(source, content.forFile(header), stored, plaintext)) {
        content(place, check);
      }
    }
  }

  private void content(Place place, ContentCheck check) throws IOException {
    check.run(
        (offset, problem) -> damage(place, offset, problem),
        bytes -> {
          plaintextBytes += bytes;
          plaintextBytesRead.accept(bytes);
        });
    if (check.badCopies() > 0) {
      // no damage of the volume, but who runs a check wants to know
      findings.accept(
          new Finding(
              place.node().location(),
              place.path(),
              check.firstBadCopyAt(),
              "copies in the chunk cache or on their way were damaged, "
                  + check.badCopies()
                  + " blocks; what the storage has is sound",
              false));
    }
  }

  private void unreadable(Place place, IOException e) {
    damage(
        place,
        -1,
        e instanceof IntegrityException bad ? bad.problem() : "cannot be read: " + e.getMessage());
  }

  private static String location(Place directory, DirectoryEntry entry) {
    return directory.root()
        ? entry.name().toString()
        : directory.node().location() + "/" + entry.name();
  }

  private void damage(Place place, long offset, String problem) {
    damage(place.node().location(), place.path(), offset, problem);
  }

  private void damage(String location, String path, long offset, String problem) {
    damages++;
    findings.accept(new Finding(location, path, offset, problem));
  }
}
