package io.unsealfs.fuzz;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Symbolic links: the target read is one that the owner wrote, or none. */
final class LinkTarget implements FuzzTarget {
  private final String volumeName;
  private final MemoryTree tree;
  private final MemoryTree.Item link;
  private final PlaintextPath path;
  private final Volume volume;
  private final List<byte[]> corpus = new ArrayList<>();
  private final Set<Name> written = new HashSet<>();

  LinkTarget(String volumeName) throws IOException {
    this.volumeName = volumeName;
    CipherVolume vector = CipherVolume.named(volumeName);
    this.tree = vector.tree();
    this.volume = vector.open();
    List<PlaintextPath> links = PlaintextPath.all(volume.tree(), NodeKind.SYMLINK);
    for (PlaintextPath each : links) {
      Node node = each.find(volume.tree());
      written.add(volume.tree().readLink(node));
      corpus.add(tree.at(node.location()).bytes);
    }
    this.path = links.getFirst();
    this.link = tree.at(path.find(volume.tree()).location());
  }

  @Override
  public String name() {
    return "links-" + volumeName;
  }

  @Override
  public List<byte[]> corpus() {
    return corpus;
  }

  @Override
  public List<byte[]> words() {
    return List.of(new byte[] {'='}, new byte[] {'=', '='}, new byte[] {'A', 'A', 'A', 'A'});
  }

  @Override
  public void feed(byte[] input) throws IOException {
    link.bytes = input;
    tree.renew(link);
    FileTree plaintext = volume.tree();
    Node node = path.find(plaintext);
    Name target = plaintext.readLink(node);
    if (!written.contains(target)) {
      throw new AssertionError("nobody wrote the link target " + target);
    }
    if (node.attributes().size() != target.length()) {
      throw new AssertionError("size of the link is not the length of its target");
    }
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
