package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.lease.OnExpiry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** One option model, however an option is written. */
class MountOptionWordsTest {
  @TempDir Path directory;

  private static MountCommand mount(String... options) {
    String[] words = new String[options.length + 3];
    words[0] = "mount";
    System.arraycopy(options, 0, words, 1, options.length);
    words[options.length + 1] = "source";
    words[options.length + 2] = "target";
    return parsed(words);
  }

  private static MountCommand parsed(String... words) {
    return parsed(commandLine(), words);
  }

  private static CommandLine commandLine() {
    return Main.commandLine(
        new RootCommand(), new Wiring(CallerChannel.fromEnvironment(Map.of())), List.of());
  }

  private static MountCommand parsed(CommandLine commandLine, String... words) {
    commandLine.parseArgs(OptionList.detached(List.of(words)).toArray(String[]::new));
    MountCommand mount =
        Objects.requireNonNull(commandLine.getSubcommands().get("mount")).getCommand();
    assertEquals("source", mount.source.source);
    assertEquals("target", mount.mountPoint);
    return mount;
  }

  private static String refusal(String... options) {
    return String.valueOf(
        assertThrows(CommandLine.ParameterException.class, () -> mount(options)).getMessage());
  }

  @Test
  void aListMeansWhatTheSingleOptionsMean() {
    MountCommand mount =
        mount("-o", "ro,allow_other,uid=7,cache=8M,prefetch=0,read_ahead=256K,threads=3");
    assertTrue(mount.allowOther);
    assertEquals(7, mount.uid);
    assertEquals(new ByteSize(8 << 20), mount.reading.cache);
    assertEquals(new ByteSize(0), mount.reading.prefetch);
    assertEquals(new ByteSize(256 << 10), mount.reading.readAhead);
    assertEquals(3, mount.reading.threads);
  }

  @Test
  void whatToDoAtTheEndOfALeaseIsOneOfThreeWords() throws UsageException {
    assertEquals(OnExpiry.UNMOUNT, mount().lease.onExpiry());
    assertEquals(OnExpiry.KEEP, mount("--on-expiry", "keep").lease.onExpiry());
    assertEquals(OnExpiry.STOP_NEW_OPENS, mount("-o", "on_expiry=stop-new-opens").lease.onExpiry());
    MountCommand wrong = mount("-o", "on_expiry=stop_new_opens");
    assertThrows(UsageException.class, () -> wrong.lease.onExpiry());
  }

  @Test
  void severalListsAddUpAndMayBeAttached() {
    MountCommand mount = mount("-oallow_other", "-o", "umask=077,,", "--gid", "5", "-o", "ro");
    assertTrue(mount.allowOther);
    assertEquals("077", mount.umask);
    assertEquals(5, mount.gid);
  }

  @Test
  void anEscapedCommaBelongsToTheValue() {
    assertEquals("a,b", mount("-o", "fsname=a\\,b,ro").fsName);
    assertEquals(
        List.of("file:/a,b", "file:c"), mount("-o", "key=file:/a\\,b,key=file:c").keys.keys);
  }

  @Test
  void aListInAnArgumentFileIsAListToo() throws IOException {
    Path file = Files.writeString(directory.resolve("options"), "-o\nallow_other,gid=9\n");
    MountCommand mount = mount("@" + file);
    assertTrue(mount.allowOther);
    assertEquals(9, mount.gid);
  }

  @Test
  void anArgumentThatSaysMountIsNotTheCommand() throws IOException {
    MountCommand mount = parsed("--log-format", "text", "mount", "source", "target", "-o", "uid=1");
    assertEquals(1, mount.uid);
    CommandLine ls = commandLine();
    ls.parseArgs("ls", "mount", "--key", "file:x");
    LsCommand command = Objects.requireNonNull(ls.getSubcommands().get("ls")).getCommand();
    assertEquals("mount", command.source.source);
    assertThrows(
        CommandLine.ParameterException.class,
        () -> commandLine().parseArgs("ls", "mount", "-o", "ro"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ro",
        "nodev",
        "nosuid",
        "noatime",
        "_netdev",
        "nofail",
        "auto",
        "noauto",
        "user",
        "users",
        "defaults",
        "x-systemd.automount",
        "x-systemd.mount-timeout=5min",
        "X-mount.mkdir",
        "comment=systemd.automount",
        ""
      })
  void wordsForOthersAreAccepted(String word) {
    MountCommand mount = mount("-o", word + ",gid=3");
    assertEquals(3, mount.gid);
    assertFalse(mount.allowOther);
  }

  @ParameterizedTest
  @ValueSource(strings = {"remount", "allow_others", "bind", "nonempty", "chache=8M", "o"})
  void anUnknownWordIsRefusedByItsName(String word) {
    String name = word.split("=", -1)[0];
    assertTrue(
        refusal("-o", "ro," + word).contains("-o " + name + ": "), () -> refusal("-o", word));
  }

  @Test
  void writingIsRefusedWithItsReason() {
    assertTrue(refusal("-o", "rw").contains("read-only"));
  }

  @Test
  void aListThatIsMissingIsAskedFor() {
    assertTrue(
        String.valueOf(
                assertThrows(
                        CommandLine.ParameterException.class,
                        () -> commandLine().parseArgs("mount", "source", "target", "-o"))
                    .getMessage())
            .contains("list of options"));
  }

  @Test
  void preloadTakesItsGlobOnlyBehindAnEqualsSign() {
    assertEquals("**", mount("--preload").reading.preload);
    assertEquals("*.bin", mount("--preload=*.bin").reading.preload);
    assertEquals("**", mount("-o", "preload,ro").reading.preload);
    assertEquals("a/**", mount("-o", "ro,preload=a/**").reading.preload);
    assertEquals(null, mount().reading.preload);
  }

  @Test
  void aSwitchHasAWayBack() {
    assertFalse(mount().reading.dropBehind);
    assertTrue(mount("-o", "drop_behind").reading.dropBehind);
    assertTrue(mount("--drop-behind").reading.dropBehind);
    assertFalse(mount("-o", "no_drop_behind").reading.dropBehind);
  }

  @Test
  void whatIsTooMuchIsRefused() {
    assertThrows(UsageException.class, () -> mount("--threads", "1000").reading.workers());
    assertThrows(UsageException.class, () -> mount("--threads", "-1").reading.workers());
    assertThrows(UsageException.class, () -> mount("--prefetch", "9G").reading.prefetchBytes());
    assertThrows(UsageException.class, () -> mount("--read-ahead", "9G").reading.readAheadBytes());
  }
}
