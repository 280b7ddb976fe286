package io.unsealfs.bench;

import io.unsealfs.block.BlockCache;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.kernel.KernelFuseHost;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.ext4.Ext4FileSystem;
import io.unsealfs.volume.ext4.Ext4Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/** Mounts a plain ext4 image until somebody unmounts it: {@code IMAGE MOUNTPOINT}. */
final class ImageMount {
  private ImageMount() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    Path image = Path.of(arguments[0]).toAbsolutePath();
    VolumeContext context =
        new VolumeContext(
            new BlockCache(64 << 20, 128 << 10),
            new VolumeLimits(1 << 30, 1 << 25),
            System.err::println);
    try (FileTree folder = LocalTree.open(Objects.requireNonNull(image.getParent()));
        Volume volume =
            Ext4FileSystem.open(
                folder.open(folder.lookup(folder.root(), Name.of(image.getFileName().toString()))),
                Ext4Options.DEFAULT,
                context);
        Mount mount =
            new KernelFuseHost()
                .mount(
                    volume.tree(),
                    Path.of(arguments[1]),
                    new MountOptions(
                        "image", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0),
                    FuseEvents.NONE)) {
      System.out.println("mounted");
      while (!mount.awaitEnd(Duration.ofMinutes(1))) {
        // whoever started it unmounts it
      }
    }
  }
}
