package io.unsealfs.fuzz;

import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.WrongKeyException;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code gocryptfs.conf}. It opens, or is refused as a bad format or with a wrong key, at no more
 * than the cost that the limits allow.
 */
final class ConfigTarget implements FuzzTarget {
  private final GocryptfsFormat format = new GocryptfsFormat();
  private final MemoryTree tree;
  private final MemoryTree.Item config;
  private final List<byte[]> corpus = new ArrayList<>();

  ConfigTarget() throws IOException {
    for (String volume :
        List.of("default-full", "xchacha", "longnamemax100", "legacy-gcm-pad64-nohkdf")) {
      corpus.add(configOf(CipherVolume.named(volume).tree()));
    }
    this.tree = CipherVolume.named("default-full").tree();
    this.config = tree.item(NodeKind.FILE, corpus.getFirst());
    tree.rootItem().children.put(CipherVolume.CONFIG, config);
  }

  private static byte[] configOf(MemoryTree tree) {
    MemoryTree.Item item = tree.rootItem().children.get(CipherVolume.CONFIG);
    if (item == null) {
      throw new AssertionError("a volume without a config");
    }
    return item.bytes;
  }

  @Override
  public String name() {
    return "config";
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
            "\"N\": 1073741824,",
            "\"R\": 8388608,",
            "\"P\": 2147483647,",
            "\"KeyLen\": 64,",
            "-1",
            "1e9",
            "99999999999999999999999999",
            "null",
            "{",
            "[[[[[[[[",
            "}",
            "\"FIDO2\"",
            "\"AESSIV\",",
            "\"PlaintextNames\",",
            "\"LongNameMax\": 1,",
            "\"Version\": 3,",
            "\\u0000",
            "\\ud800",
            "\"Salt\": \"\",")) {
      words.add(word.getBytes(StandardCharsets.UTF_8));
    }
    return words;
  }

  @Override
  public void feed(byte[] input) throws IOException {
    config.bytes = input;
    tree.renew(config);
    try {
      format.info(tree);
      try (Volume volume = CipherVolume.openWithPassphrase(tree)) {
        volume.tree().list(volume.tree().root());
      }
    } catch (VolumeFormatException | WrongKeyException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("refused with the wrong type", e);
    }
  }
}
