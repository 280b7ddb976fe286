package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockLayout;
import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.local.TransferChunk;
import io.unsealfs.storage.local.TreeEncoding;
import java.security.SecureRandom;

/**
 * Writes the content of one file (gocryptfs.md section 4). Zeros are encrypted like everything
 * else: a hole in the stored file would say where they are, and is not authenticated.
 */
final class EncryptedContent implements TreeEncoding.FileEncoding {
  private final OutputFile file;
  private final ContentCipher cipher;
  private final BlockLayout layout;
  private final FileHeader header;
  private final SecureRandom random;
  private final long plaintextSize;

  EncryptedContent(OutputFile file, ContentCipher cipher, SecureRandom random, long plaintextSize) {
    this.file = file;
    this.cipher = cipher;
    this.layout = cipher.layout();
    this.random = random;
    this.header = new FileHeader(random.nextLong(), random.nextLong());
    this.plaintextSize = plaintextSize;
  }

  @Override
  public void write(long plaintextOffset, TransferChunk chunk) throws SystemCallException {
    long firstBlock = layout.blockOf(plaintextOffset);
    int blocks = Math.ceilDiv(chunk.length(), layout.plaintextBlockSize());
    int headerSize = firstBlock == 0 ? layout.headerSize() : 0;
    int storedSize = headerSize + chunk.length() + blocks * layout.overhead();
    byte[] stored = chunk.stored(storedSize);
    if (headerSize > 0) {
      System.arraycopy(header.toBytes(), 0, stored, 0, headerSize);
    }
    encrypt(chunk, firstBlock, blocks, stored, headerSize);
    long offset = firstBlock == 0 ? 0 : layout.ciphertextOffset(firstBlock);
    chunk.write(file, stored, 0, storedSize, offset);
  }

  private void encrypt(
      TransferChunk chunk, long firstBlock, int blocks, byte[] stored, int storedOffset) {
    // One call for all nonces of a chunk: the generator is slow to start, not to run.
    byte[] nonces = new byte[blocks * cipher.nonceSize()];
    random.nextBytes(nonces);
    byte[] nonce = new byte[cipher.nonceSize()];
    try (ContentCipher.Encryptor encryptor = cipher.encryptor(header)) {
      for (int i = 0; i < blocks; i++) {
        System.arraycopy(nonces, i * nonce.length, nonce, 0, nonce.length);
        int from = i * layout.plaintextBlockSize();
        encryptor.encrypt(
            firstBlock + i,
            nonce,
            chunk.plaintext(),
            from,
            Math.min(layout.plaintextBlockSize(), chunk.length() - from),
            stored,
            storedOffset + i * layout.ciphertextBlockSize());
      }
    }
  }

  @Override
  public void finish() throws SystemCallException {
    file.resize(ContentLayout.ciphertextSize(layout, plaintextSize));
  }
}
