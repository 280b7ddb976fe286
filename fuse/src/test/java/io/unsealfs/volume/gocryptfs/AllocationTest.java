package io.unsealfs.volume.gocryptfs;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.DecryptingSource;
import io.unsealfs.crypto.NativeAes;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalTree;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The read path allocates per block what the engine's bare AES-GCM does, and no more. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AllocationTest {
  private static final long MOST_ENGINE_MILLIS = 60_000;
  private static final String TRANSFORMATION = "AES/GCM/NoPadding";
  private static final int BLOCK = 4096;
  private static final int SIZE = 16 << 20;
  private static final int REQUEST = 1 << 20;
  private static final byte[] KEY = new byte[32];
  private static final FileHeader HEADER = new FileHeader(1, 2);

  /** Bytes per block beyond the engine's: a request's own few objects, shared by its blocks. */
  private static final double FEW = 16;

  private static final int LEAST_ROUNDS = 6;
  private static final int ROUNDS = 60;

  /** Something that reads blocks. */
  private interface Work {
    /** Blocks read. */
    int run() throws Exception;
  }

  @TempDir Path directory;

  private static double allocatedPerBlock(Work work) throws Exception {
    ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    long before = threads.getCurrentThreadAllocatedBytes();
    int blocks = work.run();
    return (double) (threads.getCurrentThreadAllocatedBytes() - before) / blocks;
  }

  /**
   * The first rounds link, compile and fill the pools; which rounds those are is up to a compiler
   * that works aside, for either of the two. So they take turns until ours comes down to what the
   * bare cipher came down to, and if something allocates in every block it never does.
   */
  private static void assertFew(Work bare, Work ours) throws Exception {
    double bareLeast = Double.MAX_VALUE;
    double oursLeast = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      bareLeast = Math.min(bareLeast, allocatedPerBlock(bare));
      oursLeast = Math.min(oursLeast, allocatedPerBlock(ours));
      if (round >= LEAST_ROUNDS && oursLeast <= bareLeast + FEW) {
        return;
      }
    }
    fail("a block took " + oursLeast + " bytes, the bare cipher " + bareLeast);
  }

  private void writeVolumeFile(ContentCipher cipher) throws IOException {
    byte[] plaintext = new byte[BLOCK];
    byte[] nonce = new byte[cipher.nonceSize()];
    byte[] stored = new byte[cipher.layout().ciphertextBlockSize()];
    try (OutputStream out = Files.newOutputStream(directory.resolve("f"));
        ContentCipher.Encryptor encryptor = cipher.encryptor(HEADER)) {
      out.write(HEADER.toBytes());
      for (int block = 0; block < SIZE / BLOCK; block++) {
        Arrays.fill(plaintext, (byte) block);
        nonce[0] = (byte) block;
        nonce[1] = (byte) (block >> 8);
        nonce[2] = 1;
        encryptor.encrypt(block, nonce, plaintext, 0, BLOCK, stored, 0);
        out.write(stored);
      }
    }
  }

  /** The cipher of the engine that serves now: the JDK's until the native one is ready. */
  private static Cipher bareCipher() throws Exception {
    if (!NativeAes.await(0)) {
      return Cipher.getInstance(TRANSFORMATION, "SunJCE");
    }
    Object provider =
        Class.forName("com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider")
            .getField("INSTANCE")
            .get(null);
    return Cipher.getInstance(TRANSFORMATION, (Provider) requireNonNull(provider));
  }

  /** What the engine takes for as many blocks: init, associated data, doFinal. */
  private static int bareCipher(Cipher cipher, byte[] sealed, byte[] nonce) throws Exception {
    SecretKeySpec key = new SecretKeySpec(KEY, "AES");
    byte[] out = new byte[BLOCK];
    byte[] data = new byte[24];
    for (int block = 0; block < SIZE / BLOCK; block++) {
      cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, nonce));
      cipher.updateAAD(data);
      cipher.doFinal(sealed, 0, sealed.length, out, 0);
    }
    return SIZE / BLOCK;
  }

  @Test
  @Order(2)
  void aBlockCostsWhatTheNativeEnginesBareCipherCosts() throws Exception {
    NativeAes.prepare();
    assumeTrue(NativeAes.await(MOST_ENGINE_MILLIS), "no native engine here");
    assertABlockCostsWhatTheBareCipherCosts();
  }

  @Test
  @Order(1)
  void aBlockCostsWhatTheBareCipherCosts() throws Exception {
    assertABlockCostsWhatTheBareCipherCosts();
  }

  private void assertABlockCostsWhatTheBareCipherCosts() throws Exception {
    byte[] nonce = new byte[16];
    nonce[0] = 1;
    Cipher cipher = bareCipher();
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(KEY, "AES"), new GCMParameterSpec(128, nonce));
    cipher.updateAAD(new byte[24]);
    byte[] sealed = cipher.doFinal(new byte[BLOCK]);
    Work bare = () -> bareCipher(cipher, sealed, nonce);

    try (ContentCipher content = new ContentCipher(ContentAlgorithm.AES_256_GCM, KEY)) {
      writeVolumeFile(content);
      try (FileTree tree = LocalTree.open(directory);
          BlockCache cache = new BlockCache(0, 128 << 10)) {
        Source stored = tree.open(tree.lookup(tree.root(), Name.of("f")));
        try (Source source =
            new DecryptingSource(stored, content.forFile(HEADER), SIZE, 1, "f", cache)) {
          ByteBuffer heap = ByteBuffer.allocate(16 + REQUEST);
          ByteBuffer direct = ByteBuffer.allocateDirect(REQUEST);
          assertFew(bare, () -> readAll(source, heap, 16));
          assertFew(bare, () -> readAll(source, direct, 0));
        }
      }
    }
  }

  private static int readAll(Source source, ByteBuffer dst, int start) throws IOException {
    for (long offset = 0; offset < SIZE; offset += REQUEST) {
      dst.clear().position(start);
      assertEquals(REQUEST, source.read(offset, dst));
    }
    return SIZE / BLOCK;
  }
}
