package io.unsealfs.mount.point;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.os.MountTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountPointTest {
  @TempDir Path directory;

  @Test
  void numbersOfOtherPlacesMayComeBackHere() throws Exception {
    MountPoint point = MountPoint.of(directory, List.of());

    List<MountTable.Entry> table =
        List.of(entry(7, "/elsewhere"), entry(8, directory.toString()), entry(9, "/"));

    assertEquals(Set.of(8), point.idsHere(table));
  }

  @Test
  void theLastMountOfAPlaceIsOnTop() throws Exception {
    MountPoint point = MountPoint.of(directory, List.of());

    List<MountTable.Entry> table =
        List.of(entry(7, directory.toString()), entry(8, directory.toString()), entry(9, "/"));

    assertEquals(8, point.mounted(table).orElseThrow().id());
    assertEquals(Set.of(7, 8), point.idsHere(table));
  }

  @Test
  void everyPathThatLeadsToAPlaceHasOneCanonicalPath() throws Exception {
    Path real = Files.createDirectories(directory.toRealPath().resolve("real/mnt"));
    Path parent = Files.createSymbolicLink(directory.resolve("parent"), real.getParent());
    Path last = Files.createSymbolicLink(directory.resolve("last"), Path.of("parent/mnt"));
    Path twice = Files.createSymbolicLink(directory.resolve("twice"), last);

    for (Path given : List.of(real, parent.resolve("mnt"), last, twice)) {
      assertEquals(real, MountPoint.canonical(given));
    }
  }

  @Test
  void whatIsStillToBeMadeIsFoundBelowItsRealParent() throws Exception {
    Path real = Files.createDirectory(directory.toRealPath().resolve("real"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);

    assertEquals(real.resolve("new"), MountPoint.canonical(link.resolve("new")));
  }

  @Test
  void aPathThatLeadsNowhereStaysWhatItIs() throws Exception {
    Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
    Path missing = directory.resolve("missing/mnt");

    assertEquals(loop, MountPoint.canonical(loop));
    assertEquals(missing, MountPoint.canonical(missing));
  }

  private static MountTable.Entry entry(int id, String place) {
    return new MountTable.Entry(
        id, 0, 44, place.getBytes(UTF_8), "ro", "fuse.unsealfs", "test".getBytes(UTF_8));
  }
}
