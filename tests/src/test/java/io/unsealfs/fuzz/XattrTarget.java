package io.unsealfs.fuzz;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * Extended attributes: a value is one that the owner wrote, or none (an empty one is stored empty,
 * which anyone can do). Names carry no tag.
 *
 * <p>An input is the stored name, a zero byte, the stored value.
 */
final class XattrTarget implements FuzzTarget {
  private final MemoryTree tree;
  private final MemoryTree.Item file;
  private final PlaintextPath path;
  private final Volume volume;
  private final List<byte[]> corpus = new ArrayList<>();
  private final Set<String> written = new HashSet<>();

  XattrTarget() throws IOException {
    CipherVolume vector = CipherVolume.named("default-full");
    this.tree = vector.tree();
    this.volume = vector.open();
    FileTree plaintext = volume.tree();
    List<PlaintextPath> files = PlaintextPath.all(plaintext, NodeKind.FILE);
    for (PlaintextPath each : files) {
      Node node = each.find(plaintext);
      for (Name name : plaintext.listXattrs(node)) {
        written.add(HexFormat.of().formatHex(plaintext.xattr(node, name)));
      }
      tree.at(node.location()).xattrs.forEach((name, value) -> corpus.add(encode(name, value)));
    }
    this.path = files.getFirst();
    this.file = tree.at(path.find(plaintext).location());
  }

  private static byte[] encode(Name name, byte[] value) {
    byte[] input = Arrays.copyOf(name.toBytes(), name.length() + 1 + value.length);
    System.arraycopy(value, 0, input, name.length() + 1, value.length);
    return input;
  }

  @Override
  public String name() {
    return "xattrs";
  }

  @Override
  public List<byte[]> corpus() {
    return corpus;
  }

  @Override
  public List<byte[]> words() {
    return List.of(
        "user.gocryptfs.".getBytes(StandardCharsets.US_ASCII),
        "security.capability".getBytes(StandardCharsets.US_ASCII),
        new byte[16],
        new byte[32]);
  }

  @Override
  public void feed(byte[] input) throws IOException {
    int end = 0;
    while (end < input.length && input[end] != 0) {
      end++;
    }
    file.xattrs.clear();
    file.xattrs.put(
        Name.of(Arrays.copyOf(input, end)),
        Arrays.copyOfRange(input, Math.min(end + 1, input.length), input.length));
    tree.renew(file);
    FileTree plaintext = volume.tree();
    Node node = path.find(plaintext);
    for (Name name : plaintext.listXattrs(node)) {
      byte[] value = plaintext.xattr(node, name);
      if (value.length > 0 && !written.contains(HexFormat.of().formatHex(value))) {
        throw new AssertionError("nobody wrote this value of attribute " + name);
      }
    }
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
