package io.unsealfs.daemon;

import io.unsealfs.os.InheritedDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A descriptor of the caller's, read as it is. Where possible it is opened anew instead, which
 * reads a file from its beginning and waits where the caller's description would not.
 */
final class InheritedChannel implements ReadableByteChannel {
  private final InheritedDescriptor descriptor;
  private volatile boolean open = true;

  private InheritedChannel(InheritedDescriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * The channel of descriptor {@code number}.
   *
   * @throws NoSuchFileException if there is none
   */
  static ReadableByteChannel open(int number) throws IOException {
    try {
      return FileChannel.open(Path.of("/proc/self/fd/" + number), StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException e) {
      // a socket, or opened by another user for this one, as by "runuser -u … < FILE"
      return new InheritedChannel(new InheritedDescriptor(number));
    }
  }

  /**
   * Reads what there is.
   *
   * @param direct a direct buffer: of what else is a secret might remain on the way
   */
  @Override
  public int read(ByteBuffer direct) throws IOException {
    if (!open) {
      throw new ClosedChannelException();
    }
    return descriptor.read(direct);
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /** The descriptor stays the caller's. */
  @Override
  public void close() {
    open = false;
  }
}
