package io.unsealfs.mount.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.mount.Child;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;

/** jnr-fuse's struct layouts against this machine's C compiler. */
final class StructLayoutTest {
  private static final Runtime RUNTIME = Runtime.getSystemRuntime();

  @TempDir Path directory;

  private String probe(String program) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs gcc");
    Path source = Files.writeString(directory.resolve("probe.c"), program);
    Child child = Child.shell(directory, "gcc -o \"$M/probe\" \"$1\" && \"$M/probe\"", source);
    assertEquals(0, child.exitCode(), child.err());
    return child.text();
  }

  @Test
  void structStatIsLaidOutAsTheCompilerLaysItOut() throws Exception {
    FileStat stat = FileStat.of(Memory.allocateDirect(RUNTIME, 512, true));
    String ours =
        String.join(
            " ",
            Long.toString(stat.st_ino.offset()),
            Long.toString(stat.st_nlink.offset()),
            Long.toString(stat.st_mode.offset()),
            Long.toString(stat.st_uid.offset()),
            Long.toString(stat.st_gid.offset()),
            Long.toString(stat.st_rdev.offset()),
            Long.toString(stat.st_size.offset()),
            Long.toString(stat.st_blksize.offset()),
            Long.toString(stat.st_blocks.offset()),
            Integer.toString(Struct.size(stat)));
    assertEquals(
        probe(
            """
            #include <stddef.h>
            #include <stdio.h>
            #include <sys/stat.h>
            #define O(m) (int) offsetof(struct stat, m)
            int main(void) {
              printf("%d %d %d %d %d %d %d %d %d %d\\n", O(st_ino), O(st_nlink), O(st_mode),
                     O(st_uid), O(st_gid), O(st_rdev), O(st_size), O(st_blksize), O(st_blocks),
                     (int) sizeof(struct stat));
            }
            """),
        ours);
  }

  @Test
  void structStatvfsIsLaidOutAsTheCompilerLaysItOut() throws Exception {
    Statvfs statvfs = Statvfs.of(Memory.allocateDirect(RUNTIME, 512, true));
    String ours =
        String.join(
            " ",
            Long.toString(statvfs.f_bsize.offset()),
            Long.toString(statvfs.f_frsize.offset()),
            Long.toString(statvfs.f_blocks.offset()),
            Long.toString(statvfs.f_bfree.offset()),
            Long.toString(statvfs.f_files.offset()),
            Long.toString(statvfs.f_ffree.offset()),
            Long.toString(statvfs.f_namemax.offset()),
            Integer.toString(Struct.size(statvfs)));
    assertEquals(
        probe(
            """
            #include <stddef.h>
            #include <stdio.h>
            #include <sys/statvfs.h>
            #define O(m) (int) offsetof(struct statvfs, m)
            int main(void) {
              printf("%d %d %d %d %d %d %d %d\\n", O(f_bsize), O(f_frsize), O(f_blocks), O(f_bfree),
                     O(f_files), O(f_ffree), O(f_namemax), (int) sizeof(struct statvfs));
            }
            """),
        ours);
  }

  @Test
  void fuseStructsAreLaidOutAsLibfuse29DeclaresThem() {
    FuseFileInfo info = FuseFileInfo.of(Memory.allocateDirect(RUNTIME, 128, true));
    assertEquals(0, info.flags.offset());
    assertEquals(24, info.fh.offset());
    FuseOperations operations = new FuseOperations(RUNTIME);
    long word = RUNTIME.addressSize();
    assertEquals(0, operations.getattr.offset());
    assertEquals(15 * word, operations.read.offset());
    assertEquals(26 * word, operations.readdir.offset());
    assertEquals(37 * word, operations.bmap.offset());
    // behind bmap: a word of flag bits, padded
    assertEquals(39 * word, operations.ioctl.offset());
    assertEquals(45 * word, Struct.size(operations));
  }
}
