# Compiles the test classes where sources are newer and sets test_classpath. Sourced by tests/bench/*.
# shellcheck source=daemon/bin/jdk25.sh
. "$home/daemon/bin/jdk25.sh"

find_test_classpath() {
  local stamp=$home/tests/target/bench-classpath
  if ! find_jdk25; then
    jdk25_missing
    return 1
  fi
  if [ ! -e "$stamp" ] ||
    [ -n "$(find "$home"/{fuse,keyfetch,daemon,tests}/{src,pom.xml} "$home/pom.xml" -newer "$stamp" -type f -print -quit 2>/dev/null)" ]; then
    mkdir -p "$home/tests/target" || return 1
    echo "compiling" >&2
    (
      # two runs at once must not compile into the same place
      flock 7 || exit 1
      cd "$home" && run_maven -q -Dspotless.check.skip=true -Djacoco.skip=true -pl tests -am \
        test-compile dependency:build-classpath -Dmdep.outputFile="$stamp.new" -Dmdep.includeScope=test \
        >"$stamp.log" 2>&1 && mv "$stamp.new" "$stamp"
    ) 7>"$stamp.lock" || {
      grep -m 5 '^\[ERROR\]' "$stamp.log" >&2
      echo "the build failed; the whole log is $stamp.log" >&2
      return 1
    }
  fi
  test_classpath=$home/tests/target/test-classes:$(cat "$stamp")
}
