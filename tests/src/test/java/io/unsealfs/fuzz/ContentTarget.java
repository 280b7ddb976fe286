package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * File headers and blocks. A block that is served must be the one the owner wrote at that place of
 * the file with that id, or a hole: a full stored block of zeros, which the format cannot tell from
 * a real one.
 */
final class ContentTarget implements FuzzTarget {
  private static final int HEADER = 18;
  private static final int BLOCK = 4096;
  private static final int LONGEST_IN_CORPUS = 40_000;

  private final String volumeName;
  private final MemoryTree tree;
  private final Volume volume;
  private final MemoryTree.Item victim;
  private final PlaintextPath path;
  private final int storedBlock;
  private final List<byte[]> corpus = new ArrayList<>();
  private final Map<String, byte[]> originals = new HashMap<>();

  ContentTarget(String volumeName, int overhead) throws IOException {
    this.volumeName = volumeName;
    this.storedBlock = BLOCK + overhead;
    CipherVolume vector = CipherVolume.named(volumeName);
    this.tree = vector.tree();
    this.volume = vector.open();
    FileTree plaintext = volume.tree();
    for (Node node : Plaintext.nodes(plaintext)) {
      if (node.kind() == NodeKind.FILE && node.attributes().size() > 0) {
        byte[] stored = tree.at(node.location()).bytes;
        originals.put(fileId(stored), Plaintext.read(plaintext, node));
        if (stored.length <= LONGEST_IN_CORPUS) {
          corpus.add(stored);
        }
      }
    }
    this.path = PlaintextPath.all(plaintext, NodeKind.FILE).getFirst();
    this.victim = tree.at(path.find(plaintext).location());
  }

  private static String fileId(byte[] stored) {
    return HexFormat.of().formatHex(stored, 2, HEADER);
  }

  @Override
  public String name() {
    return "content-" + volumeName;
  }

  @Override
  public List<byte[]> corpus() {
    return corpus;
  }

  @Override
  public List<byte[]> words() {
    // whole blocks of zeros make holes
    return List.of(new byte[storedBlock], new byte[HEADER], new byte[] {0, 2});
  }

  @Override
  public void feed(byte[] input) throws IOException {
    victim.bytes = input;
    tree.renew(victim);
    FileTree plaintext = volume.tree();
    Node file = path.find(plaintext);
    IOException refusal = null;
    try (Source source = plaintext.open(file)) {
      assertEquals(file.attributes().size(), source.size(), "size of the node and of the source");
      for (long block = 0; block * BLOCK < source.size(); block++) {
        try {
          readBlock(source, block, input);
        } catch (IntegrityException e) {
          refusal = e;
        }
      }
    }
    if (refusal != null) {
      throw refusal;
    }
  }

  private void readBlock(Source source, long block, byte[] input) throws IOException {
    int length = (int) Math.min(BLOCK, source.size() - block * BLOCK);
    ByteBuffer dst = ByteBuffer.allocate(length);
    assertEquals(length, source.read(block * BLOCK, dst), "short read");
    byte[] seen = dst.array();
    int from = HEADER + (int) block * storedBlock;
    if (isHole(input, from)) {
      assertArrayEquals(new byte[BLOCK], seen, "a hole that is not zero");
      return;
    }
    byte[] original = originals.get(fileId(input));
    if (original == null || original.length < block * BLOCK + length) {
      throw new AssertionError("block " + block + " is served, but nobody wrote it");
    }
    byte[] written =
        Arrays.copyOfRange(original, (int) block * BLOCK, (int) block * BLOCK + length);
    assertArrayEquals(written, seen, "block " + block + " is served wrong");
  }

  private boolean isHole(byte[] input, int from) {
    if (input.length < from + storedBlock) {
      return false;
    }
    for (int i = from; i < from + storedBlock; i++) {
      if (input[i] != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    volume.close();
  }
}
