# Makes and finds the files of a fast start. Sourced by the launcher, after jdk25.sh.
#
#   target/start/current   three lines: the JDK they were made with, their folder, their jars
#   target/start/ID/       copies of old or signed jars, jffi's library, unsealfs.aot
#
# Without them everything works, only the start takes longer. They are never needed, never waited
# for if somebody else is making them, and tried once for a jar: see start.log for the reason.

# What every start gets. The AOT cache wants the same collector and object layout as in training.
# G1: a full collection clears what key derivation left behind, and a pinned array holds up its own
# region only. Reading makes garbage only inside the JDK's cipher, so a small young generation does;
# left alone, G1 would let it grow to hundreds of MiB. See docs/performance.md. That full collection keeps
# no more of the heap than the start had: by default it would be one region of 4 MiB more, touched for good.
#
# The optimising compiler waits eight times as long as by default: over a mount's first second it
# would take a core and more from the reader, for code that hardly runs again. What runs once for
# every block of 4 KiB is thus left alone for the first 150 MiB. All code alike: each
# -XX:CompileCommand with a pattern would make a start some 20 ms longer.
JVM_ARGS=("${NATIVE_ARGS[@]}"
  -XX:Tier4InvocationThreshold=40000 -XX:Tier4MinInvocationThreshold=4800
  -XX:Tier4CompileThreshold=120000 -XX:Tier4BackEdgeThreshold=320000
  -XX:+DisableAttachMechanism -XX:-UsePerfData -XX:ErrorFile=/dev/null -XX:-CreateCoredumpOnCrash
  -XX:+UseG1GC -Xms52m -Xmn40m -XX:MaxHeapFreeRatio=65)

# Sets START_ARGS to the arguments for a start with cache, or to the plain class path.
find_start_files() {
  local made_with id jars path=
  START_ARGS=(-cp "$jar")
  [ "$start/current" -nt "$jar" ] || return 1
  { read -r made_with && read -r id && read -r jars; } 2>/dev/null <"$start/current" || return 1
  # a package's may be unpacked anywhere
  [ "$made_with" = "$JAVA_HOME $JDK_VERSION" ] || [ "$made_with $JDK_VERSION" = "bundled bundled" ] || return 1
  [ "$id" != none ] || return 0
  [ -r "$start/$id/unsealfs.aot" ] || return 1
  path=${jars:+$start/$id/${jars//:/:$start/$id/}:}
  # a cache that does not fit is left unused without a word: the JVM would warn on standard output
  START_ARGS=(-XX:AOTCache="$start/$id/unsealfs.aot" -Xlog:disable
    -Djffi.boot.library.path="$start/$id" -cp "$path$jar")
  [ ! -e "$start/$id/libamazonCorrettoCryptoProvider.so" ] || START_ARGS+=(
    -Dcom.amazon.corretto.crypto.provider.useExternalLib=true -Djava.library.path="$start/$id")
}

# Makes them for the jar there is. Takes some seconds.
make_start_files() {
  [ -w "$target" ] && [ "$JDK_VERSION" != bundled ] || return 0
  (
    flock -n 7 || exit 0
    # the jar as it is now: made anew while this runs, it is newer than what comes out
    now=$(mktemp "$target/.start.XXXXXX") || exit 0
    id=$(date +%s)-$$
    scratch=$(mktemp -d) || exit 0
    trap 'cleanup_training' EXIT
    jars=
    if mkdir -p "$start/$id" && jars=$(train); then
      printf '%s\n%s\n%s\n' "$JAVA_HOME $JDK_VERSION" "$id" "$jars" >"$now"
    else
      echo "no AOT cache: starts take longer, nothing else is missing"
      printf '%s\n%s\n\n' "$JAVA_HOME $JDK_VERSION" none >"$now"
      id=none
    fi
    chmod 644 "$now"
    mv -f "$now" "$start/current"
    for old in "$start"/*/; do
      [ "$old" = "$start/$id/" ] || rm -rf "$old"
    done
  ) 7>"$target/.start.lock" 2>"$target/start.log" >&2 </dev/null
  return 0
}

# Prints the names of the jars copied.
train() {
  local jars
  jars=$(copy_start_jars) && record_aot_cache "$jars" >&2 && echo "$jars"
}

# Copies those jars that a cache would leave out, and prints their names.
copy_start_jars() {
  "$JAVA_HOME/bin/java" "${NATIVE_ARGS[@]}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$jar" \
    io.unsealfs.daemon.start.StartFiles "$target/lib" "$start/$id"
}

# Records start/ID/unsealfs.aot; wants the names of the jars copied.
record_aot_cache() {
  local jars=$1
  # The quick compiler only: what training calls often, a start then compiles once, quickly and for
  # good. With the optimising one a start would first of all optimise what this run found worth it.
  # What is called for every request of the kernel or every block must not be compiled for good like that, but what
  # fetches from a bucket may be; digests neither: only the optimising compiler makes use of the processor's
  # instructions for them, which are fifteen times as fast.
  local not_for_good=(-XX:CompileCommand=quiet) methods
  for methods in 'io.unsealfs.mount.*::*' 'io.unsealfs.os.*::*' 'io.unsealfs.storage.local.*::*' 'io.unsealfs.storage.manifest.*::*' \
    'io.unsealfs.block.*::*' 'io.unsealfs.volume.*::*' 'io.unsealfs.crypto.*::*' \
    'com.amazon.*::*' 'javax.crypto.*::*' 'sun.security.provider.DigestBase::*' \
    'sun.security.provider.SHA*::*' 'java.util.Arrays::fill'; do
    not_for_good+=("-XX:CompileCommand=CompileThresholdScaling,$methods,1000.0")
  done
  # the mount of a bucket takes credentials from there, as most do
  AWS_ACCESS_KEY_ID=training AWS_SECRET_ACCESS_KEY=training AWS_SESSION_TOKEN=training AWS_REGION=us-east-1 \
    timeout -k 5 90 "$JAVA_HOME/bin/java" "${JVM_ARGS[@]}" -XX:TieredStopAtLevel=1 "${not_for_good[@]}" \
    -XX:AOTCacheOutput="$start/$id/unsealfs.aot" \
    -Djffi.boot.library.path="$start/$id" -cp "${jars:+$start/$id/${jars//:/:$start/$id/}:}$jar" \
    io.unsealfs.daemon.TrainingRun "$scratch" || return 1
  [ -s "$start/$id/unsealfs.aot" ]
}

cleanup_training() {
  # only if the training was killed
  if grep -qF " $scratch/mnt " /proc/self/mounts 2>/dev/null; then
    umount -l "$scratch/mnt" 2>/dev/null || fusermount3 -uz "$scratch/mnt" 2>/dev/null
  fi
  rm -rf "$scratch"
  rm -f "$now"
}
