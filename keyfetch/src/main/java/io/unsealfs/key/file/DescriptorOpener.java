package io.unsealfs.key.file;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/** Opens an inherited file descriptor for reading; closing the channel may close the descriptor. */
@FunctionalInterface
public interface DescriptorOpener {

  /**
   * The channel of {@code descriptor}.
   *
   * @throws IOException if there is no such descriptor, or it cannot be read
   */
  ReadableByteChannel open(int descriptor) throws IOException;
}
