package io.unsealfs.volume.luks;

import io.unsealfs.block.DecryptingSource;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;

/** An image whose header is in memory. */
final class LuksImage implements SealedImage {
  /** The device is the only thing of its volume that the cache holds. */
  private static final long FILE_KEY = 0;

  private final Source data;
  private final LuksHeader header;
  private final byte[] headerBytes;
  private final LuksOptions options;
  private final VolumeInfo info;
  private boolean handedOver;

  /** Takes over {@code data}. */
  LuksImage(Source data, LuksHeader header, byte[] headerBytes, LuksOptions options) {
    this.data = data;
    this.header = header;
    this.headerBytes = headerBytes;
    this.options = options;
    this.info = LuksInfo.of(header, headerBytes, data.size());
  }

  @Override
  public VolumeInfo info() {
    return info;
  }

  @Override
  public Source unlock(VolumeKey key, VolumeContext context) throws IOException {
    if (handedOver) {
      throw new IllegalStateException("unlocked already");
    }
    Segment segment = header.segment();
    long size = segment.sizeOn(data.size());
    header.notes().forEach(context.warnings());
    byte[] volumeKey = new KeyFinding(header, headerBytes, options, context.limits()).find(key);
    SectorCipher cipher;
    try {
      context.opened().use(volumeKey);
      context.unauthenticated().use(volumeKey);
      cipher = segment.cipher().cipher(volumeKey, segment.sectorSize());
    } finally {
      Arrays.fill(volumeKey, (byte) 0);
    }
    Source plaintext =
        new DecryptingSource(
            new SegmentSource(data, segment.offset(), size),
            new SectorBlocks(cipher, segment.ivTweak()),
            size,
            FILE_KEY,
            "image",
            context.cache());
    handedOver = true;
    return new PlaintextDevice(plaintext, cipher);
  }

  @Override
  public void close() throws IOException {
    if (!handedOver) {
      data.close();
    }
  }

  /** The plaintext, and the key that goes with it. */
  private record PlaintextDevice(Source plaintext, SectorCipher cipher, AtomicBoolean closed)
      implements Source {
    PlaintextDevice(Source plaintext, SectorCipher cipher) {
      this(plaintext, cipher, new AtomicBoolean());
    }

    @Override
    public long size() {
      return plaintext.size();
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      return plaintext.read(offset, dst);
    }

    @Override
    public boolean willNeed(long offset, long length) {
      return plaintext.willNeed(offset, length);
    }

    @Override
    public void doneWith(long offset, long length) {
      plaintext.doneWith(offset, length);
    }

    @Override
    public boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
      return plaintext.preload(offset, length, goOn);
    }

    @Override
    public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
      return plaintext.warm(offset, length, goOn);
    }

    @Override
    public void close() throws IOException {
      if (closed.compareAndSet(false, true)) {
        try {
          plaintext.close();
        } finally {
          cipher.close();
        }
      }
    }
  }
}
