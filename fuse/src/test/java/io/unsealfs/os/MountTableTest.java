package io.unsealfs.os;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MountTableTest {

  private static List<MountTable.Entry> parse(String table) {
    return MountTable.parse(table.getBytes(ISO_8859_1));
  }

  @Test
  void readsTheOrdinaryLineAndTheOneWithoutOptionalFields() {
    List<MountTable.Entry> entries =
        parse(
            """
            36 35 98:17 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue
            37 36 0:52 / /data ro,nosuid - fuse.unsealfs volume ro,user_id=0
            """);
    assertEquals(2, entries.size());
    assertEquals(36, entries.get(0).id());
    assertEquals(98, entries.get(0).major());
    assertEquals(17, entries.get(0).minor());
    assertEquals("rw,noatime", entries.get(0).options());
    assertEquals("ext3", entries.get(0).type());
    assertEquals("fuse.unsealfs", entries.get(1).type());
    assertArrayEquals("volume".getBytes(ISO_8859_1), entries.get(1).source());
    assertTrue(entries.get(1).isAt("/data".getBytes(ISO_8859_1)));
  }

  @Test
  void decodesOctalEscapesToBytes() {
    MountTable.Entry entry =
        parse("1 2 0:3 / /a\\040b\\011\\012\\134\\043\\377\u00ff rw - fuse a\\040b rw\n")
            .getFirst();
    assertArrayEquals("/a b\t\n\\#\u00ff\u00ff".getBytes(ISO_8859_1), entry.mountPoint());
    assertArrayEquals("a b".getBytes(ISO_8859_1), entry.source());
  }

  @Test
  void keepsAnEmptySource() {
    MountTable.Entry entry = parse("1 2 0:3 / /a rw - fuse  rw\n").getFirst();
    assertEquals("fuse", entry.type());
    assertEquals(0, entry.source().length);
  }

  @Test
  void aMountPointCannotPretendToBeTheSeparator() {
    MountTable.Entry entry = parse("1 2 0:3 - - rw shared:1 - fuse.unsealfs src rw\n").getFirst();
    assertArrayEquals(new byte[] {'-'}, entry.mountPoint());
    assertEquals("fuse.unsealfs", entry.type());
  }

  @Test
  void leavesOutLinesOfAnotherShape() {
    assertEquals(
        List.of(),
        parse(
            """
            \n
            x 2 0:3 / /a rw - fuse s rw
            1 2 03 / /a rw - fuse s rw
            1 2 0:99999999999 / /a rw - fuse s rw
            1 2 0:3 / /a rw fuse s rw
            1 2 0:3 / /a rw -
            1 2 0:3 / /a rw - fuse
            """));
    assertEquals(
        "/a\\04",
        new String(parse("1 2 0:3 / /a\\04 rw - fuse s rw").getFirst().mountPoint(), ISO_8859_1));
    assertEquals(
        "/a\\400\\08x",
        new String(
            parse("1 2 0:3 / /a\\400\\08x rw - fuse s rw").getFirst().mountPoint(), ISO_8859_1));
  }

  @Property
  void everyMountPointComesBackAsItWas(@ForAll @Size(max = 60) byte[] path) {
    StringBuilder escaped = new StringBuilder();
    for (byte b : path) {
      if (b <= ' ' || b == '\\' || b == '#') {
        escaped.append(String.format("\\%03o", b & 0xff));
      } else {
        escaped.append((char) b);
      }
    }
    MountTable.Entry entry = parse("1 2 0:3 / " + escaped + " rw - fuse s rw\n").getFirst();
    assertArrayEquals(path, entry.mountPoint());
  }

  @Test
  void readsThisMachinesTable() throws Exception {
    List<MountTable.Entry> entries = MountTable.read();
    assertTrue(entries.stream().anyMatch(e -> e.isAt(new byte[] {'/'})));
    assertTrue(
        entries.stream()
            .anyMatch(e -> e.isAt("/proc".getBytes(ISO_8859_1)) && e.type().equals("proc")));
  }
}
