package io.unsealfs.daemon;

import io.unsealfs.daemon.disk.MemoryImage;
import io.unsealfs.os.UnnamedMemory;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.StagedFile;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.luks.LuksWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** {@code encrypt --format luks2}: an ext4 image made in memory, encrypted into a new file. */
record Luks2Encryption(
    Wiring wiring, KeyOptions keys, LuksWriter.Stretching stretching, StopSwitch stop) {

  void run(Path source, Path target) throws IOException {
    if (!Files.isDirectory(source)) {
      throw new NotDirectoryException(source.toString());
    }
    if (UnnamedMemory.isSwapInUse()) {
      System.err.println(
          "unsealfs: note: this machine has swap space, where plaintext of the image may be left;"
              + " turn it off (swapoff -a) or see to it that it is encrypted");
    }
    stop.enter();
    try (MemoryImage image = MemoryImage.of(source);
        Progress progress = Progress.of("encrypt", image.size())) {
      stop.check();
      CopyListener listener =
          new CopyListener() {
            @Override
            public void copied(long plaintextBytes) {
              progress.add(plaintextBytes);
            }

            @Override
            public void failed(String location, String plaintextPath, IOException why) {
              throw new IllegalStateException("an image has no parts that fail", why);
            }

            @Override
            public void noticed(String plaintextPath, String what) {
              throw new IllegalStateException(what);
            }
          };
      LuksWriter writer = new LuksWriter(stretching, listener, stop);
      boolean _ =
          wiring
              .keyFetch(keys)
              .withFirst(
                  keys.references(),
                  (reference, secret) -> {
                    try (VolumeKey key = VolumeOpening.volumeKey(secret, reference.reading());
                        StagedFile file = StagedFile.create(target)) {
                      writer.write(image, key, file);
                      stop.check();
                      file.publish();
                      return true;
                    }
                  },
                  failure -> false);
      progress.finish();
      System.err.printf(
          "unsealfs: %s encrypted into %s, an image of %d bytes%n", source, target, image.size());
    } finally {
      stop.leave();
    }
  }
}
