package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What cryptsetup, qemu-img and the kernel wrote reads as the kernel read it, every way. */
class VectorImagesTest {
  private static final List<String> TRANSPORTS = List.of("kernel", "jnr");
  private static final int BAD_FORMAT = 23;
  private static final int WRONG_KEY = 24;
  private static final int PIN_MISMATCH = 27;

  @TempDir Path scratch;

  static List<VectorImage> images() {
    return VectorImage.all();
  }

  private Outcome unsealfs(Path image, List<String> options, String... words)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(words));
    all.add(1, image.toString());
    all.addAll(options);
    return Command.unsealfs(scratch, all.toArray(String[]::new)).run();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void aMountedImageShowsWhatTheKernelSaw(VectorImage vector)
      throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root(); // owners, and modes that nobody else may read
    Path image = vector.unpack(scratch);
    List<String> opening = vector.options(scratch);
    for (String transport : TRANSPORTS) {
      List<String> options = new ArrayList<>(opening);
      options.addAll(List.of("--transport", transport));
      try (Mounted mounted = Mounted.mount(scratch, image, options.toArray(String[]::new))) {
        ImageManifest.withoutLostAndFound(TreeSnapshot.of(mounted.path()))
            .assertEqualTo(vector.expected());
        assertTrue(
            mounted.outcome().err().contains("without integrity"), () -> mounted.outcome().err());
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void anExportHasWhatTheKernelSaw(VectorImage vector) throws Exception {
    Needs.root(); // owners and devices
    Path image = vector.unpack(scratch);
    Path target = scratch.resolve("exported");
    unsealfs(image, vector.options(scratch), "export", target.toString()).assertStatus(0);
    ImageManifest.withoutLostAndFound(TreeSnapshot.of(target))
        .assertEqualTo(ImageManifest.exported(vector.expected()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void infoCheckAndTheRawImageAgree(VectorImage vector) throws Exception {
    Path image = vector.unpack(scratch);
    List<String> options = vector.options(scratch);
    unsealfs(image, options, "check").assertStatus(0);
    unsealfs(image, options, "export", scratch.resolve("out").toString(), "--raw").assertStatus(0);
    byte[] raw = Files.readAllBytes(scratch.resolve("out/image.raw"));
    assertEquals(
        vector.plaintextHash(), HexFormat.of().formatHex(TreeSnapshot.newSha256().digest(raw)));
    List<String> withoutKey = options.subList(2, options.size());
    Json info = Json.parse(unsealfs(image, withoutKey, "info", "--json").assertStatus(0).out());
    assertEquals("luks", info.get("format").text());
    String digest = info.get("header_digest").text();
    List<String> pinned = new ArrayList<>(options);
    pinned.addAll(List.of("--header-digest", digest));
    unsealfs(image, pinned, "ls").assertStatus(0);
    pinned.set(pinned.size() - 1, "sha256:" + "0".repeat(64));
    unsealfs(image, pinned, "ls").assertStatus(PIN_MISMATCH);
  }

  @Test
  void refusalsSayWhatIsWrong() throws Exception {
    VectorImage vector = VectorImage.named("luks2-cbc-essiv");
    Path image = vector.unpack(scratch);
    List<String> options = vector.options(scratch);
    List<String> wrong = List.of("--key", Secrets.reference(scratch, "wrong"));
    unsealfs(image, wrong, "ls").assertStatus(WRONG_KEY);
    unsealfs(image, options, "ls", "--luks-cipher", "aes-xts-plain64").assertStatus(PIN_MISMATCH);
    unsealfs(image, options, "ls", "--partition", "1").assertStatus(BAD_FORMAT);
    byte[] bytes = Files.readAllBytes(image);
    java.util.Arrays.fill(bytes, 1 << 20, (1 << 20) + 8192, (byte) 0);
    Path noFileSystem = Files.write(scratch.resolve("noise"), bytes);
    Outcome unlocked = unsealfs(noFileSystem, options, "ls").assertStatus(BAD_FORMAT);
    assertTrue(unlocked.errLine().contains("unlocked, but no known file system"), unlocked.err());
    Path plain = Files.write(scratch.resolve("plain"), new byte[1 << 20]);
    unsealfs(plain, options, "ls").assertStatus(BAD_FORMAT);
  }
}
