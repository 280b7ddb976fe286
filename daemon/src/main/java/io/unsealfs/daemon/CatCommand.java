package io.unsealfs.daemon;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Source;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code unsealfs cat}. */
@Command(
    name = "cat",
    description = "Writes one file of a volume to standard output, without mounting it.")
final class CatCommand implements Callable<Integer> {
  private static final int CHUNK = 1 << 20;

  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(index = "1", paramLabel = "PATH", description = "Path inside the volume.")
  String path = "";

  @Mixin KeyOptions keys = new KeyOptions();

  CatCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    byte[] plaintext = new byte[CHUNK];
    try (OpenedVolume opened = OpenedVolume.open(wiring, source, keys);
        Source file = opened.volume().tree().open(TreePath.resolve(opened.volume().tree(), path));
        FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
      for (long offset = 0; offset < file.size(); ) {
        int length = file.read(offset, ByteBuffer.wrap(plaintext));
        out.write(plaintext, 0, length);
        offset += length;
      }
    } catch (IntegrityException e) {
      throw new IntegrityException(
          e.getMessage()
              + "; fetch that object again from where it came from, unsealfs check tells what else is damaged",
          e);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
    return ExitCode.DONE.status();
  }
}
