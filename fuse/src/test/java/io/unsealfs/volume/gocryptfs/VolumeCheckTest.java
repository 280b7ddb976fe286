package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check finds every damage, each once, and goes on. */
class VolumeCheckTest {
  @TempDir Path temp;
  private final VectorVolume vector = VectorVolume.named("longnamemax100");
  private final Set<String> expected = new HashSet<>();

  @Test
  void every_damage_is_found_with_its_place() throws Exception {
    Path directory = vector.unpack(temp);
    Path big = stored(directory, "big/128KiB-plus-1.bin");
    Path header = stored(directory, "many/f001.bin");
    Path cut = stored(directory, "many/f002.bin");
    Path only = stored(directory, "many/f003.bin");
    Path tail = stored(directory, "many/f004.bin");
    Path link = stored(directory, "links/rel");
    Path deep = stored(directory, "deep/a");
    Path bottom = stored(directory, "deep/a/b/c/bottom.bin");
    Path empty = stored(directory, "emptydir");

    DamageTest.flip(big, 18 + 3 * 4128 + 7);
    expect(directory, big, 18 + 3 * 4128, "big/128KiB-plus-1.bin");
    DamageTest.flip(big, 18 + 31 * 4128 + 4127);
    expect(directory, big, 18 + 31 * 4128, "big/128KiB-plus-1.bin");
    DamageTest.flip(header, 1);
    expect(directory, header, 0, "many/f001.bin");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 17));
    expect(directory, cut, 0, "many/f002.bin");
    Files.write(only, Arrays.copyOf(Files.readAllBytes(only), 18));
    expect(directory, only, 0, "many/f003.bin");
    Files.write(tail, Arrays.copyOf(Files.readAllBytes(tail), 18 + 32));
    expect(directory, tail, 18, "many/f004.bin");
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("nonsense"));
    expect(directory, link, -1, "links/rel");
    // names below are lost, content is checked all the same
    Files.delete(deep.resolve("gocryptfs.diriv"));
    expect(directory, deep, -1, "deep/a");
    DamageTest.flip(bottom, 18 + 20);
    expect(directory, bottom, 18, "deep/a");
    Files.write(empty.resolve("stray"), new byte[0]);
    expect(directory, empty.resolve("stray"), -1, "emptydir");
    Path orphan = empty.resolve("gocryptfs.longname.AAAA.name");
    Files.writeString(orphan, "x");
    expect(directory, orphan, -1, "emptydir");
    Files.write(empty.resolve("gocryptfs.diriv.rmdir.7"), new byte[16]);

    List<Finding> notes = new ArrayList<>();
    Set<String> found = new HashSet<>();
    try (Volume volume = vector.openWithMasterKey(directory)) {
      List<Finding> findings = new ArrayList<>();
      Volume.CheckSummary summary = volume.check(findings::add, bytes -> {});
      for (Finding finding : findings) {
        if (!finding.damage()) {
          notes.add(finding);
        } else {
          assertTrue(
              found.add(text(finding.location(), finding.offset(), finding.plaintextPath())),
              () -> "twice: " + finding);
        }
      }
      assertEquals(expected.size(), summary.findings());
    }
    assertEquals(expected, found);
    assertEquals(1, notes.size());
    assertTrue(notes.get(0).location().endsWith("gocryptfs.diriv.rmdir.7"));
  }

  private Path stored(Path directory, String path) throws Exception {
    return DamageTest.storedPath(vector, directory, path);
  }

  private void expect(Path directory, Path stored, long offset, String path) {
    expected.add(text(directory.relativize(stored).toString(), offset, path));
  }

  private static String text(String location, long offset, String path) {
    return location + " @" + offset + " (" + path + ")";
  }
}
