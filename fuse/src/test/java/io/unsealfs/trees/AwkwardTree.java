package io.unsealfs.trees;

import java.io.IOException;
import java.nio.file.Path;

/** A directory with everything in it that makes copying hard. */
public final class AwkwardTree {
  private static final String SCRIPT =
      """
      set -eu
      cd "$1"
      repeat() { printf "%0.s$1" $(seq "$2"); }
      for n in 0 1 15 16 17 4095 4096 4097 8192 1048575 1048576 1048577; do
        head -c "$n" /dev/urandom > "size $n"
      done
      head -c 70000001 /dev/urandom > several-parts
      for n in 174 175 176 177 254 255; do
        echo "$n" > "$(repeat n "$n")"
      done
      mkdir "$(repeat d 200)"
      echo inside > "$(repeat d 200)/$(repeat f 255)"
      ln -s target "$(repeat l 220)"
      mkfifo "$(repeat p 230)"
      ln "$(repeat d 200)/$(repeat f 255)" "$(repeat h 240)"
      printf x > $'\\xff\\xfe not text'
      mkdir $'\\xc3'
      printf y > $'\\xc3/\\x80\\x01'
      printf z > $'line\\nfeed'
      for n in gocryptfs.diriv gocryptfs.longname.x ' ' '\\' '-rf' '...' '日本語'; do
        printf n > "$n"
      done
      ln -s /nowhere/at/all dangling
      ln -s .. up
      ln -s $'\\xff' bytes
      ln -s "$(repeat t 3039)" longest
      echo one > first
      mkdir sub
      ln first sub/second
      ln first third
      ln several-parts sub/parts
      mkfifo -m 0620 pipe
      # only root can read what nobody may
      none=; [ "$(id -u)" != 0 ] || none=0000
      for m in $none 0400 0444 0666 0755 1644; do
        echo "$m" > "mode-$m"
        chmod "$m" "mode-$m"
      done
      for m in $none 0500 1777 2775; do
        mkdir "dir-$m"
        echo "$m" > "dir-$m/file"
        chmod "$m" "dir-$m"
      done
      (for i in $(seq 60); do mkdir "deep $i"; cd "deep $i"; done; echo bottom > bottom)
      mkdir many
      for i in $(seq 300); do echo "$i" > "many/entry $i"; done
      mkdir empty
      truncate -s 10M sparse
      echo tail >> sparse
      truncate -s 8M zeros
      touch -d '1960-01-02 03:04:05.000000006 UTC' 'size 1'
      touch -d '2038-01-19 03:14:08.999999999 UTC' many
      touch -h -d '2001-02-03 04:05:06.123456789 UTC' dangling pipe
      if [ "$(id -u)" = 0 ]; then
        chown 1234:5678 'size 16' sub
        chown -h 4321:8765 bytes pipe
      fi
      touch -d '1999-12-31 23:59:59.5 UTC' .
      """;

  private static final String ATTRIBUTES =
      """
      set -eu
      cd "$1"
      setfattr -n user.text -v 'some value' first
      setfattr -n user.empty first
      setfattr -n user.binary -v 0x00ff00ff first
      setfattr -n user.dir -v d many
      setfattr -n "user.$(printf '%0.sa' $(seq 130))" -v long 'size 17'
      """;

  private AwkwardTree() {}

  /** Fills the empty directory {@code directory}. */
  public static void create(Path directory) throws IOException, InterruptedException {
    Commands.succeed("bash", "-c", SCRIPT, "bash", directory.toString());
    if (takesAttributes(directory)) {
      Commands.succeed("bash", "-c", ATTRIBUTES, "bash", directory.toString());
    }
  }

  private static boolean takesAttributes(Path directory) throws IOException, InterruptedException {
    return Commands.run("setfattr", "-n", "user.probe", "-v", "1", directory + "/first").exit() == 0
        && Commands.run("setfattr", "-x", "user.probe", directory + "/first").exit() == 0;
  }
}
