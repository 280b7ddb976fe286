package io.unsealfs.volume.luks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.StagedFile;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LuksWriterTest {
  private static final LuksWriter.Stretching PBKDF2 =
      new LuksWriter.Stretching(false, 4, 32, 1, 1000);
  private static final LuksWriter.Stretching ARGON2 =
      new LuksWriter.Stretching(true, 4, 4096, 2, 1000);

  @TempDir Path folder;
  private final byte[] plaintext = new byte[(5 << 20) + 4096];
  private final AtomicLong copied = new AtomicLong();
  private final CopyListener listener =
      new CopyListener() {
        @Override
        public void copied(long plaintextBytes) {
          copied.addAndGet(plaintextBytes);
        }

        @Override
        public void failed(String location, String plaintextPath, IOException why) {
          throw new AssertionError(why);
        }

        @Override
        public void noticed(String plaintextPath, String what) {
          throw new AssertionError(what);
        }
      };

  private Path write(VolumeKey key, LuksWriter.Stretching stretching, StopSwitch stop)
      throws IOException {
    for (int i = 0; i < plaintext.length; i += 3) {
      plaintext[i] = (byte) (i >> 7);
    }
    Path target = folder.resolve("image");
    try (key;
        StagedFile staged = StagedFile.create(target)) {
      new LuksWriter(stretching, listener, stop).write(new ArraySource(plaintext), key, staged);
      staged.publish();
    }
    return target;
  }

  private String hash() {
    return HexFormat.of().formatHex(HashSpec.SHA256.digest().digest(plaintext));
  }

  @Test
  void what_it_writes_opens_to_what_it_was_given() throws Exception {
    byte[] passphrase = {'a', 0, '\n', (byte) 0xff};
    for (LuksWriter.Stretching stretching : new LuksWriter.Stretching[] {PBKDF2, ARGON2}) {
      Path image = write(LuksVector.passphrase(passphrase), stretching, new StopSwitch());
      assertEquals(plaintext.length + NewHeader.DATA_OFFSET, Files.size(image));
      assertEquals(
          hash(),
          LuksVector.hashOf(
              Files.readAllBytes(image),
              Optional.empty(),
              LuksVector.passphrase(passphrase),
              LuksOptions.defaults()));
      Files.delete(image);
    }
    assertEquals(2L * plaintext.length, copied.get());
  }

  @Test
  void a_raw_key_becomes_the_volume_key_and_no_passphrase_opens_it() throws Exception {
    byte[] raw = new byte[64];
    raw[3] = 3;
    Path image = write(LuksVector.raw(raw), PBKDF2, new StopSwitch());
    assertEquals(
        hash(),
        LuksVector.hashOf(
            Files.readAllBytes(image),
            Optional.empty(),
            LuksVector.raw(raw),
            LuksOptions.defaults()));
    assertThrows(
        IOException.class,
        () ->
            LuksVector.hashOf(
                Files.readAllBytes(image),
                Optional.empty(),
                LuksVector.passphrase(raw),
                LuksOptions.defaults()));
    assertThrows(
        WrongKeyException.class,
        () -> {
          Files.delete(image);
          write(LuksVector.raw(new byte[32]), PBKDF2, new StopSwitch());
        });
  }

  @Test
  void what_fails_leaves_nothing_behind() throws Exception {
    StopSwitch stop = new StopSwitch();
    stop.close();
    assertThrows(
        InterruptedIOException.class,
        () -> write(LuksVector.passphrase(new byte[] {1}), PBKDF2, stop));
    assertThrows(
        WrongKeyException.class,
        () -> write(LuksVector.passphrase(new byte[0]), PBKDF2, new StopSwitch()));
    try (Stream<Path> left = Files.list(folder)) {
      assertTrue(left.findAny().isEmpty());
    }
    Files.writeString(folder.resolve("image"), "mine");
    assertThrows(
        FileAlreadyExistsException.class,
        () -> write(LuksVector.passphrase(new byte[] {1}), PBKDF2, new StopSwitch()));
    assertEquals("mine", Files.readString(folder.resolve("image")));
  }
}
