package io.unsealfs.daemon;

import io.unsealfs.os.ProcessControl;
import io.unsealfs.storage.local.CopySummary;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.storage.local.TargetPaths;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.gocryptfs.GocryptfsWriter;
import io.unsealfs.volume.luks.LuksWriter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs encrypt}. */
@Command(
    name = "encrypt",
    description =
        "Encrypts a directory into a new volume, which appears whole or not at all. With"
            + " ?as=masterkey the key becomes the volume's master key. luks2 makes an image with an"
            + " ext4 file system, which is built in memory: as much of it as the directory has.")
final class EncryptCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Parameters(index = "0", paramLabel = "DIRECTORY", description = "What to encrypt.")
  Path source = Path.of("");

  @Parameters(index = "1", paramLabel = "TARGET", description = "Where to; must not exist yet.")
  Path target = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "gocryptfs|luks2",
      defaultValue = "gocryptfs",
      description = "Format to write (default: ${DEFAULT-VALUE}).")
  String format = "gocryptfs";

  @Mixin Luks2Options luks2 = new Luks2Options();

  @Option(names = "--plaintext-names", description = "Leave names and link targets readable.")
  boolean plaintextNames;

  @Option(
      names = "--scrypt-n",
      paramLabel = "LOG2",
      defaultValue = "16",
      description = "Cost of the passphrase, 10 to 28 (default: ${DEFAULT-VALUE}).")
  int scryptLogN = GocryptfsWriter.Options.DEFAULT_SCRYPT_LOG_N;

  @Mixin KeyOptions keys = new KeyOptions();

  EncryptCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    ProcessControl.forbidDumps();
    boolean luks = format.equals("luks2");
    if (!luks && !format.equals("gocryptfs")) {
      throw new UsageException("--format " + format + ": this version writes gocryptfs and luks2");
    }
    LuksWriter.Stretching stretching = luks2.stretching();
    if (scryptLogN < 10 || scryptLogN > 28) {
      throw new UsageException("--scrypt-n " + scryptLogN + ": from 10 to 28");
    }
    // before a key service is asked
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    StopSwitch stop = new StopSwitch();
    Runtime.getRuntime().addShutdownHook(new Thread(stop::close, "unsealfs-stop"));
    GocryptfsWriter.Options defaults = GocryptfsWriter.Options.defaults();
    GocryptfsWriter.Options options =
        new GocryptfsWriter.Options(plaintextNames, scryptLogN, defaults.parallelism());
    TargetPaths.requireApart(source, target);
    if (luks) {
      new Luks2Encryption(wiring, keys, stretching, stop).run(source, target);
      return ExitCode.DONE.status();
    }
    try (LocalTree tree = LocalTree.open(source);
        CopyReport report = new CopyReport("encrypt", tree)) {
      CopySummary summary =
          wiring
              .keyFetch(keys)
              .withFirst(
                  keys.references(),
                  (reference, secret) -> {
                    try (VolumeKey key = VolumeOpening.volumeKey(secret, reference.reading())) {
                      return new GocryptfsWriter(options, report, stop)
                          .encrypt(tree, target.toAbsolutePath(), key);
                    }
                  },
                  failure -> false);
      report.finish();
      System.err.printf(
          "unsealfs: %d files, %d directories, %d others, %d bytes encrypted into %s%n",
          summary.files(),
          summary.directories(),
          summary.others(),
          summary.plaintextBytes(),
          target);
    }
    return ExitCode.DONE.status();
  }
}
