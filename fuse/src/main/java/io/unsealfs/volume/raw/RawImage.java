package io.unsealfs.volume.raw;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;

/** A volume of one file, {@value #FILE_NAME}: the whole plaintext device. */
public final class RawImage implements Volume {
  /** Name of the file. */
  public static final String FILE_NAME = "image.raw";

  private static final int CHUNK = 1 << 20;

  private final Source plaintextDevice;
  private final RawTree tree;

  /** Takes over {@code plaintextDevice}. */
  public RawImage(Source plaintextDevice) {
    this.plaintextDevice = plaintextDevice;
    this.tree = new RawTree(plaintextDevice);
  }

  @Override
  public FileTree tree() {
    return tree;
  }

  @Override
  public VolumeInfo info() {
    return new VolumeInfo("raw", Map.of("size", plaintextDevice.size()));
  }

  @Override
  public CheckSummary check(Consumer<Finding> findings, Consumer<Long> plaintextBytesRead)
      throws IOException {
    byte[] plaintext = new byte[CHUNK];
    long found = 0;
    long done = 0;
    try {
      for (long at = 0; at < plaintextDevice.size(); ) {
        int length = (int) Math.min(CHUNK, plaintextDevice.size() - at);
        try {
          plaintextDevice.read(at, ByteBuffer.wrap(plaintext, 0, length));
          done += length;
          plaintextBytesRead.accept((long) length);
        } catch (IntegrityException e) {
          found++;
          findings.accept(new Finding(FILE_NAME, FILE_NAME, at, e.problem()));
        }
        at += length;
      }
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
    return new CheckSummary(1, 1, 0, done, found);
  }

  @Override
  public void close() throws IOException {
    tree.close();
  }
}
