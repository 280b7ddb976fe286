package io.unsealfs.volume.luks;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.ImageFormat;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** LUKS1 and LUKS2 images, read only (luks.md). */
public final class LuksFormat implements ImageFormat {
  private static final int MAGIC_SIZE = 6;
  private static final int VERSION_END = 8;

  private final LuksOptions options;

  /** The format, with what the user of an image demands of it. */
  public LuksFormat(LuksOptions options) {
    this.options = options;
  }

  @Override
  public String name() {
    return "luks";
  }

  /** {@inheritDoc} A LUKS2 image whose first copy is wiped is known by its second. */
  @Override
  public boolean probe(Source file) throws IOException {
    if (hasMagic(file, 0, Luks2Copy.PRIMARY_MAGIC)) {
      return true;
    }
    for (int place : Luks2Copy.SIZES) {
      if (hasMagic(file, place, Luks2Copy.SECONDARY_MAGIC)) {
        return true;
      }
    }
    return false;
  }

  private static boolean hasMagic(Source file, long offset, byte[] magic) throws IOException {
    byte[] found = new byte[MAGIC_SIZE];
    return file.read(offset, ByteBuffer.wrap(found)) == MAGIC_SIZE && Arrays.equals(found, magic);
  }

  @Override
  public SealedImage read(Source data, Optional<Source> detachedHeader) throws IOException {
    boolean done = false;
    try {
      HeaderBytes device = new HeaderBytes(detachedHeader.orElse(data));
      LuksHeader header = parse(device, detachedHeader.isPresent());
      SealedImage image = new LuksImage(data, header, device.upTo(header.end()), options);
      done = true;
      return image;
    } finally {
      if (detachedHeader.isPresent()) {
        detachedHeader.get().close();
      }
      if (!done) {
        data.close();
      }
    }
  }

  private static LuksHeader parse(HeaderBytes device, boolean detached) throws IOException {
    if (!device.reaches(VERSION_END)) {
      throw LuksHeader.bad("the file is too short to have one");
    }
    byte[] begin = device.upTo(VERSION_END);
    boolean magic = Arrays.equals(begin, 0, MAGIC_SIZE, Luks2Copy.PRIMARY_MAGIC, 0, MAGIC_SIZE);
    int version = begin[MAGIC_SIZE] << 8 | (begin[MAGIC_SIZE + 1] & 0xff);
    if (magic && version == 1) {
      return Luks1Parser.parse(device, detached);
    }
    if (magic && version != 2) {
      VolumeFormatException unknown =
          LuksHeader.bad("version " + version + " is not known: 1 and 2 are");
      try {
        return Luks2Parser.parse(device, detached);
      } catch (VolumeFormatException e) {
        throw unknown;
      }
    }
    return Luks2Parser.parse(device, detached);
  }
}
