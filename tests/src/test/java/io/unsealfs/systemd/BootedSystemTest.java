package io.unsealfs.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.docs.DocBlock;
import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The package in a Debian of its own, from installation to purge. All tests share one boot, but for
 * the one that shuts down and boots again.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BootedSystemTest {
  private static final long PACKAGE_MINUTES = 8;
  private static final Path PAGE = Path.of("systemd/README.md");
  private static final String NEWER = "99.0";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path scratch = Path.of("");

  private static @Nullable Path root;
  private static @Nullable BootedSystem booted;
  private static final Set<String> STORIES_RUN = new TreeSet<>();

  private static BootedSystem system() {
    BootedSystem there = booted;
    if (there == null) {
      throw new AssertionError("not booted");
    }
    return there;
  }

  private static String sh(String script) throws IOException, InterruptedException {
    return system().sh(script);
  }

  /** Runs a story of a page as it stands there, where a user would type it. */
  private static String story(Path page, String name) throws IOException, InterruptedException {
    String story = page + " " + name;
    STORIES_RUN.add(story);
    return sh("mkdir -p /root/trial; cd /root/trial\n" + DocBlock.script(Needs.checkout(), story));
  }

  /** The first block of the page in this language, as a file that the scripts find. */
  private static void example(String language, String file) throws IOException {
    String text =
        DocBlock.of(Needs.checkout(), PAGE).stream()
            .filter(block -> block.language().equals(language))
            .findFirst()
            .orElseThrow()
            .text();
    Files.writeString(system().root().resolve("root/trial").resolve(file), text);
  }

  @BeforeAll
  @Timeout(value = 12, unit = TimeUnit.MINUTES) // a fresh Debian, once, and the packages
  static void boot() throws IOException, InterruptedException {
    BootedSystem.requireTools();
    Path files = BootedSystem.files(scratch);
    root = files;
    copyPackages(files.resolve("root"));
    booted = BootedSystem.boot(scratch, files);
    story(PAGE, "install");
    sh(
        """
        mkdir -p /srv/plain/folder /models /etc/credstore
        echo hello > /srv/plain/hello
        head -c 3000000 /dev/urandom > /srv/plain/folder/weights
        (umask 077; echo 'correct horse' > /etc/credstore/unsealfs.one.key)
        unsealfs encrypt /srv/plain /srv/one.enc --format gocryptfs --key file:/etc/credstore/unsealfs.one.key
        cp -r /srv/one.enc '/srv/größe 模型.enc'
        cat > /usr/local/bin/instance <<'X'
        #!/bin/sh
        # NAME SOURCE MOUNTPOINT OPTION...: writes an option file
        name=$1
        source=$2
        mkdir -p "$3"
        { printf '"%s" "%s"\\n' "$2" "$3"; shift 3; printf '%s\\n' "$@"; } > "/etc/unsealfs/$name.conf"
        X
        chmod 755 /usr/local/bin/instance
        """);
  }

  @AfterAll
  static void shutDown() throws IOException, InterruptedException {
    if (booted != null) {
      booted.kill();
    }
    if (root != null) {
      BootedSystem.removeFiles(root);
    }
  }

  /** What systemd/package makes of the jars in the checkout. */
  private static void copyPackages(Path target) throws IOException, InterruptedException {
    // the launcher builds the jars where they are older than their sources
    Tool.run(
        TimeUnit.MINUTES.toSeconds(PACKAGE_MINUTES),
        Needs.checkout().resolve("daemon/bin/unsealfs").toString(),
        "--version");
    Path packages = scratch.resolve("packages");
    Tool.run(
        TimeUnit.MINUTES.toSeconds(PACKAGE_MINUTES),
        Needs.checkout().resolve("systemd/package").toString(),
        "--built",
        "--fast",
        packages.toString());
    Tool.run(
        60,
        "sh",
        "-c",
        "cd \"$0\" && sha256sum --quiet -c SHA256SUMS && mkdir -p \"$1\"/trial/target/package"
            + " && cp ./*.deb \"$1\"/trial/target/package && cp ./*.deb \"$1\"/unsealfs.deb"
            + " && cp ./*.tar.gz \"$1\"/unsealfs.tar.gz",
        packages.toString(),
        target.toString());
    makeNewer(target);
  }

  /** The same package as it might be one day: with another version, in name and in program. */
  private static void makeNewer(Path target) throws IOException, InterruptedException {
    Path change = Files.createDirectories(scratch.resolve("newer/change/io/unsealfs/daemon"));
    Files.writeString(change.resolve("build.properties"), "version=" + NEWER + "\n");
    Tool.run(
        TimeUnit.MINUTES.toSeconds(PACKAGE_MINUTES),
        "sh",
        "-euc",
        """
        cd "$0"
        dpkg-deb --raw-extract "$1"/unsealfs.deb root
        sed -i "s/^Version: .*/Version: $2/" root/DEBIAN/control
        "$3"/bin/jar --update --file root/usr/lib/unsealfs/unsealfs-daemon.jar -C change io
        dpkg-deb --root-owner-group -Zgzip -z1 --build root "$1"/unsealfs-newer.deb
        rm -r root
        """,
        scratch.resolve("newer").toString(),
        target.toString(),
        NEWER,
        System.getProperty("java.home"));
  }

  private static String property(String unit, String name)
      throws IOException, InterruptedException {
    return sh("systemctl show --value --property=" + name + " " + unit).strip();
  }

  private static void figures(String name, int count, String said) {
    Matcher figure = Pattern.compile("(?m)^" + name + " ([0-9.]+)$").matcher(said);
    for (int i = 0; i < count; i++) {
      assertTrue(figure.find(), said);
      System.out.printf(Locale.ROOT, "%s: %s%n", name, figure.group(1));
    }
  }

  @Test
  @Order(5)
  void theQuickStartIsWhatItTakes() throws IOException, InterruptedException {
    sh(
        """
        mkdir -p /root/trial
        cp -r /srv/plain /root/trial/model
        """);
    String said = story(PAGE, "quick-start");
    assertTrue(said.contains("Active: active (running)") && said.contains("hello"), said);
    example("ini", "reader");
    sh(
        """
        cd /root/trial
        cmp model/folder/weights /models/llama/folder/weights
        {
          cat reader
          echo '[Service]'
          echo "ExecStart=/bin/sh -c 'cat /models/llama/hello; exec sleep infinity'"
        } > /etc/systemd/system/llama-reader.service
        systemctl daemon-reload
        systemctl stop unsealfs@llama
        systemctl start llama-reader
        await 'journalctl -u llama-reader -o cat | grep -qx hello'
        systemctl stop llama-reader
        systemctl disable --now unsealfs@llama unsealfs.target
        """);
  }

  @Test
  @Order(10)
  void aDependentUnitWaitsUntilTheTreeIsReadable() throws IOException, InterruptedException {
    String said =
        sh(
            """
            instance one /srv/one.enc /models/one --key credential:key --allow-other
            cat > /etc/systemd/system/reader.service <<'X'
            [Unit]
            Requires=unsealfs@one.service
            After=unsealfs@one.service
            [Service]
            ExecStart=/bin/sh -c 'cat /models/one/hello; exec sleep infinity'
            X
            systemctl daemon-reload
            for _ in 1 2 3; do
              begun=$(date +%s.%N)
              systemctl start unsealfs@one
              echo "start_to_ready_seconds $(awk "BEGIN { print $(date +%s.%N) - $begun }")"
              systemctl stop unsealfs@one
            done
            systemctl start unsealfs@one
            sleep 2
            idle=$(systemctl show --value -p MainPID unsealfs@one)
            echo "idle_rss_mib $(awk '/^VmRSS/ { print $2 / 1024 }' /proc/$idle/status)"
            systemctl start reader
            await 'journalctl -u reader -o cat | grep -qx hello'
            findmnt -n -t fuse.unsealfs -o TARGET
            cmp /srv/plain/folder/weights /models/one/folder/weights
            pid=$(systemctl show --value -p MainPID unsealfs@one)
            grep -q unsealfs.aot /proc/$pid/maps
            echo "rss_mib $(awk '/^VmRSS/ { print $2 / 1024 }' /proc/$pid/status)"
            """);
    assertTrue(said.contains("/models/one"), said);
    figures("start_to_ready_seconds", 3, said);
    figures("idle_rss_mib", 1, said);
    figures("rss_mib", 1, said);
    assertEquals("mounted", property("unsealfs@one", "StatusText"));
    assertEquals("running", property("reader", "SubState"));
  }

  @Test
  @Order(20)
  void twoInstancesLiveSideBySideAlsoWithNamesThatAreNotAscii()
      throws IOException, InterruptedException {
    sh(
        """
        cp /etc/credstore/unsealfs.one.key /etc/credstore/unsealfs.two.key
        instance two '/srv/größe 模型.enc' '/models/größe 模型' --key credential:key
        systemctl start unsealfs@one unsealfs@two
        test "$(cat /models/one/hello)" = hello
        test "$(cat '/models/größe 模型/hello')" = hello
        test "$(findmnt -n -t fuse.unsealfs | wc -l)" = 2
        systemctl stop unsealfs@two
        test "$(findmnt -n -t fuse.unsealfs | wc -l)" = 1
        test "$(systemctl show --value -p Result unsealfs@two)" = success
        """);
  }

  @Test
  @Order(30)
  void aKilledDaemonComesBackAndSoDoWhoDependsOnIt() throws IOException, InterruptedException {
    String said =
        sh(
            """
            systemctl start reader
            reader=$(systemctl show --value -p MainPID reader)
            kill -KILL $(systemctl show --value -p MainPID unsealfs@one)
            begun=$(date +%s.%N)
            await '[ "$(systemctl show --value -p NRestarts unsealfs@one)" = 1 ]'
            await 'systemctl -q is-active unsealfs@one && [ "$(cat /models/one/hello)" = hello ]'
            echo "kill_to_mounted_seconds $(awk "BEGIN { print $(date +%s.%N) - $begun }")"
            test "$(findmnt -n -t fuse.unsealfs /models/one | wc -l)" = 1
            await 'systemctl -q is-active reader && [ $(systemctl show --value -p MainPID reader) != '$reader' ]'
            """);
    figures("kill_to_mounted_seconds", 1, said);
  }

  @Test
  @Order(40)
  void aDaemonThatHangsIsKilledByTheWatchdogAndStartedAgain()
      throws IOException, InterruptedException {
    sh(
        """
        instance wedged /srv/one.enc /models/wedged --key file:/etc/credstore/unsealfs.one.key
        mkdir -p /etc/systemd/system/unsealfs@wedged.service.d
        printf '[Service]\\nWatchdogSec=9\\nTimeoutAbortSec=3\\n' > /etc/systemd/system/unsealfs@wedged.service.d/watchdog.conf
        systemctl daemon-reload
        systemctl start unsealfs@wedged
        # more than twice its limit: it gets its signs of life
        sleep 20
        test "$(systemctl show --value -p NRestarts unsealfs@wedged)" = 0
        kill -STOP $(systemctl show --value -p MainPID unsealfs@wedged)
        await '[ "$(systemctl show --value -p NRestarts unsealfs@wedged)" = 1 ]'
        await 'systemctl -q is-active unsealfs@wedged && [ "$(cat /models/wedged/hello)" = hello ]'
        await 'journalctl -u unsealfs@wedged -o cat | grep -q "Watchdog timeout"'
        systemctl stop unsealfs@wedged
        # who is not started again leaves no dead mount either
        printf '[Service]\\nRestart=no\\n' >> /etc/systemd/system/unsealfs@wedged.service.d/watchdog.conf
        systemctl daemon-reload
        systemctl start unsealfs@wedged
        kill -STOP $(systemctl show --value -p MainPID unsealfs@wedged)
        await 'systemctl -q is-failed unsealfs@wedged'
        test -z "$(findmnt -n /models/wedged || true)"
        systemctl reset-failed unsealfs@wedged
        """);
  }

  @Test
  @Order(50)
  void aStopUnmountsThoughFilesAreBusy() throws IOException, InterruptedException {
    sh(
        """
        instance busy /srv/one.enc /models/busy --key file:/etc/credstore/unsealfs.one.key --grace 1
        systemctl start unsealfs@busy
        exec 7< /models/busy/folder/weights
        systemctl stop unsealfs@busy
        test "$(systemctl show --value -p Result unsealfs@busy)" = success
        test -z "$(findmnt -n /models/busy || true)"
        exec 7<&-
        """);
  }

  @Test
  @Order(60)
  void whoIsWaitedForAtTheStartIsFoundLater() throws IOException, InterruptedException {
    story(PAGE, "keyserver");
    sh(
        """
        systemctl -q is-active unsealfs-keyserver
        systemctl disable unsealfs-keyserver
        echo 'allow_sample: true' >> /etc/unsealfs/keyserver/keyserver.yaml
        runuser -u unsealfs-keyserver -- unsealfs keyserver secret add model --allow sample \
          --config /etc/unsealfs/keyserver/keyserver.yaml --key fd:0 < /etc/credstore/unsealfs.one.key
        systemctl restart unsealfs-keyserver
        systemctl show --value -p StatusText unsealfs-keyserver | grep -x 'serving on port 7443'
        pin=$(journalctl -u unsealfs-keyserver -o cat | grep -o 'sha256:[0-9a-f]*' | tail -n 1)
        instance late /srv/one.enc /models/late --key grpc://127.0.0.1:7443/model --server-pin $pin --attester sample
        instance denied /srv/one.enc /models/denied --key grpc://127.0.0.1:7443/model --server-pin $pin --attester none
        systemctl stop unsealfs-keyserver
        test "$(systemctl show --value -p Result unsealfs-keyserver)" = success
        cat > /etc/systemd/system/late-reader.service <<'X'
        [Unit]
        Requires=unsealfs@late.service
        After=unsealfs@late.service
        [Service]
        ExecStart=/bin/sh -c 'cat /models/late/hello; exec sleep infinity'
        X
        # less than it waits here: the daemon has to ask for more
        mkdir -p /etc/systemd/system/unsealfs@late.service.d
        printf '[Service]\\nTimeoutStartSec=10\\n' > /etc/systemd/system/unsealfs@late.service.d/start.conf
        systemctl daemon-reload
        systemctl start --no-block late-reader
        sleep 14
        test "$(systemctl is-active unsealfs@late)" = activating
        test "$(systemctl is-active late-reader || true)" = inactive
        # between two rounds it says for a moment that it waits
        await '[ "$(systemctl show --value -p StatusText unsealfs@late)" = "fetching the key" ]'
        systemctl start unsealfs-keyserver
        await 'systemctl -q is-active late-reader'
        test "$(cat /models/late/hello)" = hello
        test "$(systemctl show --value -p NRestarts unsealfs@late)" = 0
        """);
  }

  @Test
  @Order(65)
  void storageThatIsNotThereYetIsWaitedForAsWell() throws IOException, InterruptedException {
    sh(
        """
        instance bucket s3://models/llama /models/bucket --key file:/etc/credstore/unsealfs.one.key \\
          --endpoint http://127.0.0.1:9 --path-style --credentials anonymous
        mkdir -p /etc/systemd/system/unsealfs@bucket.service.d
        printf '[Service]\\nTimeoutStartSec=10\\nRestart=no\\nEnvironment=UNSEALFS_RETRY_FOR=24s\\n' \\
          > /etc/systemd/system/unsealfs@bucket.service.d/start.conf
        systemctl daemon-reload
        systemctl start --no-block unsealfs@bucket
        sleep 14
        state=$(systemctl is-active unsealfs@bucket || true)
        test "$state" = activating || { echo "$state"; journalctl --no-pager -u unsealfs@bucket; exit 1; }
        await 'systemctl -q is-failed unsealfs@bucket'
        # its own time ran out, not the service manager's
        test "$(systemctl show --value -p Result unsealfs@bucket)" = exit-code
        test "$(systemctl show --value -p ExecMainStatus unsealfs@bucket)" = 28
        # the line that says why is an error's
        await 'journalctl -u unsealfs@bucket -p err -o cat | grep -q "^unsealfs: mount: .*127.0.0.1"'
        systemctl reset-failed unsealfs@bucket
        """);
  }

  @Test
  @Order(70)
  void aKeyServiceThatSaysNoIsAskedOnce() throws IOException, InterruptedException {
    sh(
        """
        systemctl start unsealfs-keyserver
        log=/etc/unsealfs/keyserver/audit.jsonl
        before=$(wc -l < $log)
        if systemctl start unsealfs@denied; then exit 1; fi
        test "$(systemctl is-failed unsealfs@denied)" = failed
        test "$(systemctl show --value -p ExecMainStatus unsealfs@denied)" = 21
        after=$(wc -l < $log)
        sleep 3
        test "$(wc -l < $log)" = $after
        test $((after - before)) -le 2
        test "$(systemctl show --value -p NRestarts unsealfs@denied)" = 0
        systemctl reload unsealfs-keyserver
        await 'journalctl -u unsealfs-keyserver -o cat | grep -q "configuration read again"'
        systemctl stop unsealfs@late unsealfs-keyserver
        """);
  }

  @Test
  @Order(75)
  void theKeyEncryptionKeyIsChangedUnderTheServer() throws IOException, InterruptedException {
    sh(
        """
        journalctl --rotate -q
        journalctl --vacuum-time=1us -q
        systemctl start unsealfs-keyserver
        """);
    story(Path.of("docs/keyserver.md"), "kek");
    sh(
        """
        read_again='journalctl -u unsealfs-keyserver -o cat | grep -c "configuration read again"'
        await '[ $(eval "$read_again") = 2 ]'
        rm /etc/unsealfs/keyserver/kek
        systemctl restart unsealfs-keyserver
        systemctl start unsealfs@late
        test "$(cat /models/late/hello)" = hello
        systemctl stop unsealfs@late unsealfs-keyserver
        """);
  }

  @Test
  @Order(80)
  void linesOfFstabAreMountedByWhoNeedsThem() throws IOException, InterruptedException {
    sh(
        """
        mkdir -p /fstab/needed /fstab/auto
        cat >> /etc/fstab <<'X'
        /srv/one.enc /fstab/needed unsealfs noauto,key=file:/etc/credstore/unsealfs.one.key,allow_other 0 0
        /srv/one.enc /fstab/auto fuse.unsealfs ro,nofail,_netdev,x-systemd.automount,key=file:/etc/credstore/unsealfs.one.key 0 0
        /srv/none.enc /fstab/wrong unsealfs noauto,nofail,key=file:/etc/credstore/unsealfs.one.key 0 0
        X
        mkdir -p /fstab/wrong
        cat > /etc/systemd/system/fstab-reader.service <<'X'
        [Unit]
        RequiresMountsFor=/fstab/needed
        PartOf=unsealfs-mount@fstab-needed.service
        After=unsealfs-mount@fstab-needed.service
        [Service]
        ExecStart=/bin/sh -c 'cat /fstab/needed/hello; exec sleep infinity'
        X
        systemctl daemon-reload
        systemctl start fstab-reader
        await 'journalctl -u fstab-reader -o cat | grep -qx hello'
        systemctl -q is-active fstab-needed.mount unsealfs-mount@fstab-needed.service
        # started again where it was killed, as any instance is
        kill -KILL $(systemctl show --value -p MainPID unsealfs-mount@fstab-needed)
        await 'systemctl -q is-active unsealfs-mount@fstab-needed && [ "$(cat /fstab/needed/hello)" = hello ]'
        await '[ $(journalctl -u fstab-reader -o cat | grep -cx hello) = 2 ] && systemctl -q is-active fstab-reader'
        if mount /fstab/needed; then exit 1; fi
        umount /fstab/needed
        await '! systemctl -q is-active unsealfs-mount@fstab-needed'
        # looking is enough; the network and the rest of the boot do not wait for it
        systemctl start fstab-auto.automount
        test "$(cat /fstab/auto/hello)" = hello
        systemctl show -p After fstab-auto.mount | grep -q network-online.target
        # and looking again is, when the daemon was killed
        kill -KILL $(cut -d' ' -f1 /run/unsealfs/fstab+auto)
        await '[ "$(cat /fstab/auto/hello)" = hello ]'
        systemctl stop fstab-auto.automount fstab-auto.mount
        test -z "$(findmnt -n /fstab/auto || true)"
        said=$(mount /fstab/wrong 2>&1) && exit 1 || status=$?
        test $status = 32
        echo "$said" | grep -q '/srv/none.enc'
        """);
  }

  @Test
  @Order(90)
  void theMountHelperSpeaksAsMountExpects() throws IOException, InterruptedException {
    example("text", "fstab");
    sh(
        """
        expect() { # STATUS WORDS
          want=$1; shift
          "$@" > /tmp/said 2>&1 && got=0 || got=$?
          test $got = $want || { echo "$*: $got and not $want"; cat /tmp/said; exit 1; }
        }
        mkdir -p '/models/by hand, with a comma'
        key=key=file:/etc/credstore/unsealfs.one.key
        expect 0 mount.unsealfs /srv/one.enc '/models/by hand, with a comma' -n -v -o rw,$key,uid=7
        test "$(stat -c %u '/models/by hand, with a comma/hello')" = 7
        expect 32 mount.unsealfs /srv/one.enc '/models/by hand, with a comma' -o $key
        umount '/models/by hand, with a comma'
        expect 0 mount.unsealfs -f /srv/one.enc /models/fake -o ro,$key
        test -z "$(findmnt -n /models/fake || true)"
        expect 32 mount.unsealfs -f /srv/plain /models/fake -o ro,$key
        expect 1 mount.unsealfs -f /srv/one.enc /models/fake -o ro,$key,nonsense
        expect 0 mount.unsealfs -sf /srv/one.enc /models/fake -o ro,$key,nonsense=1
        expect 1 mount.unsealfs /srv/one.enc
        expect 1 mount.unsealfs -x /srv/one.enc /models/one
        # the line of the page, with a pin for the one that is left out there
        read -r source target _ options _ < /root/trial/fstab
        expect 0 mount.unsealfs -f "$source" "$target" -o "${options/…/$(printf %064d 0)}"
        # of another mount namespace: it does not let the service manager mount elsewhere
        mkdir -p /models/private
        expect 0 unshare -m sh -c "mount -t unsealfs /srv/one.enc /models/private -o $key && cat /models/private/hello && umount /models/private"
        grep -qx hello /tmp/said
        """);
  }

  @Test
  @Order(100)
  void anUpgradeLeavesARunningMountAloneAndSoDoesTheWayBack()
      throws IOException, InterruptedException {
    sh(
        """
        version() { unsealfs --version | sed -n '1s/^unsealfs //p'; }
        old=$(version)
        change() { # PACKAGE VERSION: under a mount that is in use and was not read yet
          systemctl restart unsealfs@one
          pid=$(systemctl show --value -p MainPID unsealfs@one)
          exec 7< /models/one/folder/weights
          since=$(date '+%F %T')
          dpkg -i "$1"
          test "$(version)" = "$2"
          test $(systemctl show --value -p MainPID unsealfs@one) = $pid
          grep -q '/usr/lib/unsealfs/.* (deleted)$' /proc/$pid/maps
          cmp /srv/plain/folder/weights - <&7
          exec 7<&-
          test "$(cat /models/one/hello)" = hello
          # the new program asks the old one
          unsealfs status /models/one
          kill -USR1 $pid
          await "journalctl -u unsealfs@one --since '$since' -o cat | grep -q 'bytes held of'"
          systemctl restart unsealfs@one
          next=$(systemctl show --value -p MainPID unsealfs@one)
          test $next != $pid
          if grep -q '/usr/lib/unsealfs/.* (deleted)$' /proc/$next/maps; then exit 1; fi
          cmp /srv/plain/folder/weights /models/one/folder/weights
          # what stopped was as good as ever
          if journalctl -u unsealfs@one --since "$since" -o cat | grep -E 'Error|Exception|Failed'; then exit 1; fi
        }
        test "$old" != 99.0
        change /root/unsealfs-newer.deb 99.0
        change /root/unsealfs.deb "$old"
        # the same once more
        change /root/unsealfs.deb "$old"
        """);
  }

  @Test
  @Order(110)
  void manualPagesAndCompletionsAreThere() throws IOException, InterruptedException {
    sh(
        """
        for page in man1/unsealfs.1 man1/unsealfs-mount.1 man1/unsealfs-key-fetch.1 man5/unsealfs.conf.5 \
          man5/unsealfs-policy.5 man8/mount.unsealfs.8 man8/mount.fuse.unsealfs.8; do
          gzip -dc /usr/share/man/$page.gz | grep -q '^.TH '
        done
        gzip -dc /usr/share/man/man1/unsealfs-mount.1.gz | grep -qF -e '\\-\\-retry\\-for'
        bash -n /usr/share/bash-completion/completions/unsealfs
        grep -q retry-for /usr/share/fish/vendor_completions.d/unsealfs.fish
        test -e /usr/share/zsh/vendor-completions/_unsealfs
        """);
  }

  @Test
  @Order(120)
  void aShutDownGoesInOrderAndTheNextBootMountsAgain() throws IOException, InterruptedException {
    sh(
        """
        cat > /etc/systemd/system/reader.service <<'X'
        [Unit]
        Requires=unsealfs@one.service
        After=unsealfs@one.service
        [Service]
        ExecStart=/bin/sh -c 'trap "cat /models/one/hello; exit 0" TERM; while :; do sleep 1 & wait $!; done'
        [Install]
        WantedBy=multi-user.target
        X
        systemctl daemon-reload
        systemctl enable unsealfs.target unsealfs@one reader
        systemctl start reader unsealfs.target
        systemctl restart reader
        """);
    system().powerOff();
    List<String> log =
        Tool.run(
                60,
                "journalctl",
                "--no-pager",
                "-o",
                "short-monotonic",
                "-D",
                system().root().resolve("var/log/journal").toString(),
                "-b",
                "-0")
            .lines()
            .toList();
    int stopped = last(log, "Stopped reader.service");
    int unmounted = last(log, "/models/one unmounted");
    int network = last(log, "Stopped target network.target");
    assertTrue(last(log, "hello") >= 0 && stopped >= 0, () -> String.join("\n", log));
    assertTrue(stopped < unmounted, () -> String.join("\n", log));
    assertTrue(network < 0 || unmounted < network, () -> String.join("\n", log));
    assertFalse(log.stream().anyMatch(line -> line.contains("Failed unmounting /models")));
    booted = BootedSystem.boot(scratch, system().root());
    sh(
        """
        await 'systemctl -q is-active reader unsealfs@one unsealfs.target'
        test "$(cat /models/one/hello)" = hello
        """);
  }

  private static int last(List<String> log, String text) {
    for (int i = log.size() - 1; i >= 0; i--) {
      if (log.get(i).contains(text)) {
        return i;
      }
    }
    return -1;
  }

  @Test
  @Order(130)
  void aRemovalStopsTheMountsAndKeepsWhatTheAdministratorWrote()
      throws IOException, InterruptedException {
    sh(
        """
        systemctl start unsealfs@one
        dpkg --remove unsealfs
        test -z "$(findmnt -n -t fuse.unsealfs || true)"
        test ! -e /usr/lib/unsealfs
        test ! -e /usr/sbin/mount.unsealfs
        test -e /etc/unsealfs/one.conf
        dpkg --purge unsealfs
        test -e /etc/unsealfs/one.conf
        test ! -e /run/unsealfs
        test ! -e /usr/lib/systemd/system/unsealfs@.service
        """);
  }

  @Test
  @Order(140)
  void theArchiveRunsWhereItIsUnpacked() throws IOException, InterruptedException {
    sh(
        """
        mkdir -p '/opt/any where' /models/unpacked
        tar -xzf /root/unsealfs.tar.gz -C '/opt/any where'
        program=$(echo '/opt/any where'/*/bin/unsealfs)
        key=file:/etc/credstore/unsealfs.one.key
        "$program" mount /srv/one.enc /models/unpacked --key $key
        grep -q unsealfs.aot /proc/$(cut -d' ' -f1 /run/unsealfs/models+unpacked)/maps
        cmp /srv/plain/folder/weights /models/unpacked/folder/weights
        "$program" umount /models/unpacked
        """);
  }

  @Test
  @Order(150)
  void everyStoryOfThePagesWasRun() throws IOException {
    assertEquals(DocBlock.stories(Needs.checkout(), "systemd"), STORIES_RUN);
  }
}
