# Finds a JDK 25 and sets JAVA_HOME to it. Sourced by the launcher and by tests/run.
# Needs only the shell: a JDK says its version in the file "release".

is_jdk25() {
  local line
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  JDK_VERSION=
  while read -r line; do
    case $line in
      JAVA_VERSION=\"25[\".+-]*) JDK_VERSION=$JDK_VERSION${line#*=} ;;
      IMPLEMENTOR=* | JAVA_RUNTIME_VERSION=* | SOURCE=*) JDK_VERSION=$JDK_VERSION${line#*=} ;;
      JAVA_VERSION=*) return 1 ;;
    esac
  done <"$1/release"
  [ -n "$JDK_VERSION" ]
}

# Sets JAVA_HOME, and JDK_VERSION to a word that tells this build of it from others.
find_jdk25() {
  local candidate on_path
  for candidate in "${UNSEALFS_JAVA_HOME:-}" "${JAVA_HOME:-}" "<PATH>" \
    /usr/lib/jvm/* /opt/java/* /opt/jdk* /usr/local/jdk* /usr/java/* \
    "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/*; do
    if [ "$candidate" = "<PATH>" ]; then
      # looked up only when it is its turn: it takes two processes
      on_path=$(command -v javac 2>/dev/null) || continue
      on_path=$(readlink -f "$on_path")
      candidate=${on_path%/bin/javac}
    fi
    if [ -n "$candidate" ] && is_jdk25 "$candidate"; then
      JAVA_HOME=$candidate
      export JAVA_HOME
      return 0
    fi
  done
  return 1
}

# One line that says what is missing and what brings it.
jdk25_missing() {
  echo "unsealfs: no JDK 25 found (JAVA_HOME, PATH, /usr/lib/jvm): install Eclipse Temurin 25," \
    "package temurin-25-jdk of the Adoptium repository, or point UNSEALFS_JAVA_HOME at one" >&2
}

# What a JVM needs so that native calls through jnr neither warn nor fail.
NATIVE_ARGS=(--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow)

# Runs Maven on the JDK found, whatever the caller's environment asks of JVMs.
run_maven() {
  env -u JAVA_TOOL_OPTIONS -u JDK_JAVA_OPTIONS -u _JAVA_OPTIONS \
    JAVA_HOME="$JAVA_HOME" MAVEN_OPTS="${MAVEN_OPTS:-} ${NATIVE_ARGS[*]}" mvn -B -ntp "$@"
}
