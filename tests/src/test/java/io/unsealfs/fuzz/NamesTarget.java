package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Names, long names, {@code .name} files and {@code gocryptfs.diriv}. Names carry no tag, so a
 * changed one may decrypt to another; but what is listed can be looked up again and is the same
 * object, and is a name that a directory can have.
 *
 * <p>An input is a list of entries, {@code KIND NAME [CONTENT]}, one per line.
 */
final class NamesTarget implements FuzzTarget {
  private static final Name TWEAK = Name.of("gocryptfs.diriv");
  private static final int MAX_ENTRIES = 200;
  private static final int MAX_NAME = 255;

  private final String volumeName;
  private final MemoryTree tree;
  private final MemoryTree.Item directory;
  private final Volume volume;
  private final List<byte[]> corpus = new ArrayList<>();

  NamesTarget(String volumeName) throws IOException {
    this.volumeName = volumeName;
    CipherVolume vector = CipherVolume.named(volumeName);
    this.tree = vector.tree();
    Deque<MemoryTree.Item> pending = new ArrayDeque<>(List.of(tree.rootItem()));
    while (!pending.isEmpty()) {
      MemoryTree.Item item = pending.remove();
      if (item.kind == NodeKind.DIRECTORY) {
        pending.addAll(item.children.values());
        if (item.children.size() > 1 && item.children.size() < MAX_ENTRIES) {
          corpus.add(encode(item));
        }
      }
    }
    this.volume = vector.open();
    this.directory = tree.rootItem();
  }

  private static byte[] encode(MemoryTree.Item item) {
    StringBuilder lines = new StringBuilder();
    item.children.forEach((name, child) -> {
      boolean service = name.equals(TWEAK) || name.endsWith(Name.of(".name"));
      lines.append(child.kind == NodeKind.DIRECTORY ? 'd' : 'f').append(' ').append(name);
      if (service) {
        lines.append(' ').append(new String(child.bytes, StandardCharsets.ISO_8859_1));
      }
      lines.append('\n');
    });
    return lines.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private void decode(byte[] input) {
    directory.children.clear();
    tree.renew(directory);
    String text = new String(input, StandardCharsets.ISO_8859_1);
    for (String line : text.split("\n", MAX_ENTRIES)) {
      String[] parts = line.split(" ", 3);
      if (parts.length < 2 || parts[1].isEmpty() || parts[1].length() > MAX_NAME) {
        continue;
      }
      NodeKind kind =
          switch (parts[0]) {
            case "d" -> NodeKind.DIRECTORY;
            case "l" -> NodeKind.SYMLINK;
            case "p" -> NodeKind.FIFO;
            default -> NodeKind.FILE;
          };
      String content = parts.length > 2 ? parts[2] : "";
      directory.children.put(
          Name.of(parts[1].getBytes(StandardCharsets.ISO_8859_1)),
          tree.item(kind, content.getBytes(StandardCharsets.ISO_8859_1)));
    }
  }

  @Override
  public String name() {
    return "names-" + volumeName;
  }

  @Override
  public List<byte[]> corpus() {
    return corpus;
  }

  @Override
  public List<byte[]> words() {
    List<byte[]> words = new ArrayList<>();
    for (String word :
        List.of(
            "gocryptfs.longname.",
            ".name",
            "gocryptfs.diriv",
            "gocryptfs.diriv.rmdir.7",
            "\nf gocryptfs.conf {}\n",
            "\np ",
            "\nd ",
            "\nl ",
            "=",
            "==",
            "\nd gocryptfs.diriv\n",
            "AAAAAAAAAAAAAAAAAAAAAA",
            " ")) {
      words.add(word.getBytes(StandardCharsets.ISO_8859_1));
    }
    return words;
  }

  @Override
  public void feed(byte[] input) throws IOException {
    decode(input);
    FileTree plaintext = volume.tree();
    Node root = plaintext.root();
    Map<Name, Long> seen = new HashMap<>();
    for (DirectoryEntry entry : plaintext.list(root)) {
      requireUsable(entry.name());
      if (seen.put(entry.name(), entry.fileId()) != null) {
        throw new AssertionError("name " + entry.name() + " is listed twice");
      }
    }
    if (seen.isEmpty()) {
      throw new IntegrityException("every name was left out of the listing");
    }
    for (Map.Entry<Name, Long> entry : seen.entrySet()) {
      Node node = plaintext.lookup(root, entry.getKey());
      assertEquals(
          entry.getValue(), node.attributes().fileId(), "listed, but another when looked up");
    }
  }

  private static void requireUsable(Name name) {
    boolean usable = name.length() >= 1 && name.length() <= MAX_NAME;
    for (int i = 0; i < name.length(); i++) {
      usable &= name.at(i) != 0 && name.at(i) != '/';
    }
    usable &= !name.equals(Name.of(".")) && !name.equals(Name.of(".."));
    if (!usable) {
      throw new AssertionError("a name no directory can have: " + name);
    }
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
