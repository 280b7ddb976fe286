package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.Undoubled;
import io.unsealfs.storage.object.Cancellation;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The tweaks of a volume whose storage may show other files after a while. */
class DirectoryTweaksTest {
  private final FakeStore fake = new FakeStore();

  private static byte[] tweak(int value) {
    byte[] tweak = new byte[16];
    Arrays.fill(tweak, (byte) value);
    return tweak;
  }

  private BucketTree open() throws IOException {
    return BucketTree.open(
        fake,
        "v/",
        new ChunkStore(fake, Undoubled.SETTINGS),
        GocryptfsFormat::isIndex,
        RetryPolicy.DEFAULT,
        line -> {});
  }

  @Test
  void aTweakIsReadAgainWhenTheStorageShowsOtherFiles() throws IOException {
    fake.put("v/gocryptfs.diriv", tweak(1));
    fake.put("v/x", tweak(9));
    try (BucketTree tree = open()) {
      DirectoryTweaks tweaks = new DirectoryTweaks(tree, true);
      Node root = tree.root();
      assertArrayEquals(tweak(1), tweaks.of(root));
      int requests = fake.requests.size();
      assertArrayEquals(tweak(1), tweaks.of(root));
      assertEquals(requests, fake.requests.size());

      fake.put("v/gocryptfs.diriv", tweak(2));
      assertArrayEquals(tweak(1), tweaks.of(root));
      tree.refresh(Cancellation.none());
      assertArrayEquals(tweak(2), tweaks.of(root));

      fake.remove("v/gocryptfs.diriv");
      tree.refresh(Cancellation.none());
      assertThrows(IntegrityException.class, () -> tweaks.of(root));
    }
  }
}
