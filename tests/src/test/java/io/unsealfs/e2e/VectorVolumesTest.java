package io.unsealfs.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the real gocryptfs wrote reads exactly as its manifest says, whichever way it is read. */
class VectorVolumesTest {
  @TempDir Path scratch;

  static List<VectorVolume> volumes() {
    return VectorVolume.all();
  }

  static Stream<VectorVolume> severalVolumes() {
    return Stream.of("default-full", "xchacha", "legacy-gcm-pad64-nohkdf", "reverse")
        .map(VectorVolume::named);
  }

  static Stream<Arguments> volumesAndTransports() {
    return volumes().stream()
        .flatMap(volume -> Stream.of("kernel", "jnr").map(name -> Arguments.of(volume, name)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("volumesAndTransports")
  void aMountedVolumeShowsWhatItsManifestSays(VectorVolume volume, String transport)
      throws IOException, InterruptedException {
    Needs.fuse();
    Path source = volume.unpack(scratch);
    String key = Secrets.reference(scratch, volume.password() + "\n");
    try (Mounted mounted = Mounted.mount(scratch, source, "--key", key, "--transport", transport)) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(volume.expected());
      // once more: from the kernel's and our own caches
      TreeSnapshot.of(mounted.path()).assertEqualTo(volume.expected());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("severalVolumes")
  void theMasterKeyOpensAVolumeToo(VectorVolume volume) throws IOException, InterruptedException {
    Needs.fuse();
    Path source = volume.unpack(scratch);
    String key = Secrets.reference(scratch, volume.masterKeyHex()) + "?as=masterkey";
    try (Mounted mounted = Mounted.mount(scratch, source, "--key", key)) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(volume.expected());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("volumes")
  void anExportedVolumeIsWhatItsManifestSays(VectorVolume volume)
      throws IOException, InterruptedException {
    Needs.root(); // owners
    Path source = volume.unpack(scratch);
    Path target = scratch.resolve("exported");
    String key = Secrets.reference(scratch, volume.password());
    Command.unsealfs(scratch, "export", source.toString(), target.toString(), "--key", key)
        .run()
        .assertStatus(0);
    // an export is ordinary files, so it does not bring programs that run as somebody else
    TreeSnapshot.of(target).assertEqualTo(volume.expected().withoutSetIdBitsOfFiles());
  }
}
