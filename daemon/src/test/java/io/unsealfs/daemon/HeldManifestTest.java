package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestException;
import io.unsealfs.storage.manifest.ManifestKey;
import io.unsealfs.storage.manifest.ManifestMaker;
import io.unsealfs.storage.manifest.ManifestStore;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.volume.PinMismatchException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which manifests are taken, and which take the place of another. */
class HeldManifestTest {
  private static final byte[] VOLUME_KEY = new byte[32];
  private static final long MADE = 1000;

  @TempDir Path directory;
  private Path file = Path.of("");
  private int looks;

  @BeforeEach
  void make() throws IOException {
    file = directory.resolve("manifest");
    Files.write(directory.resolve("image"), new byte[300_000]);
    write(MADE, VOLUME_KEY);
  }

  private void write(long created, byte[] volumeKey) throws IOException {
    try (ManifestMaker maker = new ManifestMaker(bytes -> {});
        ManifestKey key = ManifestKey.derive(volumeKey)) {
      maker.add(LocalFile.open(directory.resolve("image")));
      Files.write(file, maker.finish(created, key));
    }
  }

  private HeldManifest held(Optional<String> digest) throws IOException {
    GivenManifest given = GivenManifest.read(new ManifestOrigin.LocalFile(file), digest);
    ObjectStore none =
        (ObjectStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ObjectStore.class},
                (proxy, method, arguments) -> {
                  throw new AssertionError("the store was asked: " + method.getName());
                });
    return new HeldManifest(
        given, new ManifestStore(none, ObjectUri.parse("s3://models/image"), given.first()));
  }

  private HeldManifest opened() throws IOException {
    HeldManifest held = held(Optional.empty());
    held.takeKey(VOLUME_KEY);
    held.requireSealed();
    return held;
  }

  private Refreshed refresh(HeldManifest held) throws IOException {
    return held.refresh(
        () -> {
          looks++;
          return Refreshed.same();
        },
        Cancellation.none());
  }

  private void assertStays(HeldManifest held, String why) {
    Manifest before = held.store().manifest();
    IOException e = assertThrows(IOException.class, () -> refresh(held));
    assertTrue(String.valueOf(e.getMessage()).contains(why), e::getMessage);
    assertEquals(before, held.store().manifest());
    assertEquals(0, looks);
  }

  @Test
  void theSealIsOfTheVolumesKeyAndNoOther() throws Exception {
    HeldManifest held = held(Optional.empty());
    assertThrows(PinMismatchException.class, held::requireSealed, "without any key");
    byte[] other = new byte[32];
    other[0] = 1;
    held.takeKey(other);
    assertThrows(PinMismatchException.class, held::requireSealed);
    // the next key that was tried
    held.takeKey(VOLUME_KEY);
    held.requireSealed();
  }

  @Test
  void oneThatIsAsOldOrNewerIsShown() throws Exception {
    HeldManifest held = opened();
    refresh(held);
    write(MADE + 1, VOLUME_KEY);
    refresh(held);
    assertEquals(MADE + 1, held.store().manifest().createdSeconds());
    assertEquals(2, looks);
  }

  @Test
  void oneThatIsOlderIsNotShown() throws Exception {
    HeldManifest held = opened();
    write(MADE - 1, VOLUME_KEY);
    assertStays(held, "somebody put an old one back");
  }

  @Test
  void oneThatIsForgedMalformedOrGoneIsNotShown() throws Exception {
    HeldManifest held = opened();
    write(MADE + 1, new byte[] {1, 2, 3});
    assertStays(held, "was not sealed with the key of this volume");
    Files.writeString(file, "nothing");
    assertStays(held, "no manifest that can be used");
    Files.delete(file);
    assertStays(held, file.toString());
  }

  @Test
  void aLookThatFailsLeavesWhatWasShown() throws Exception {
    HeldManifest held = opened();
    Manifest before = held.store().manifest();
    write(MADE + 1, VOLUME_KEY);
    assertThrows(
        IOException.class,
        () ->
            held.refresh(
                () -> {
                  throw new IOException("no");
                },
                Cancellation.none()));
    assertEquals(before, held.store().manifest());
  }

  @Test
  void aPinnedOneIsTheOnlyOne() throws Exception {
    String digest = Manifest.parse(Files.readAllBytes(file)).digest();
    HeldManifest held = held(Optional.of(digest));
    held.takeKey(VOLUME_KEY);
    refresh(held);
    looks = 0;
    write(MADE + 1, VOLUME_KEY);
    assertStays(held, "pinned is " + digest);
    assertThrows(PinMismatchException.class, () -> held(Optional.of(digest)));
  }

  @Test
  void whatIsMalformedIsNamed() throws Exception {
    Files.write(file, new byte[100]);
    ManifestException e = assertThrows(ManifestException.class, () -> held(Optional.empty()));
    assertTrue(String.valueOf(e.getMessage()).startsWith(file + ": no manifest"), e::getMessage);
  }

  @Test
  void aKeyIsOfNoUseOnceTheStoreIsClosed() throws Exception {
    ObjectStore closes =
        (ObjectStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ObjectStore.class},
                (proxy, method, arguments) -> null);
    Manifest manifest = Manifest.parse(Files.readAllBytes(file));
    ManifestStore store = new ManifestStore(closes, ObjectUri.parse("s3://models/image"), manifest);
    store.takeKey(ManifestKey.derive(VOLUME_KEY));
    assertTrue(store.isSealed(manifest));
    store.close();
    assertFalse(store.isSealed(manifest));
  }
}
