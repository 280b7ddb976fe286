# Debian's files of the images. Sourced by container/build, which sets image (the folder of this
# file), out, stage, newest_if_gone, and has say and die.

packages() { awk '!/^#/ && NF == 4 { print $3 }' "$image/files.list" | sort -u; }

# Fetches a version of a package, which apt checks against the signed lists; fails if the mirror
# has not got it.
fetch_package() { (cd "$out/debian" && apt-get -q download "$1=$2") </dev/null >"$out/apt.log" 2>&1; }

# The file of a version, whether it is there or not.
package_file() {
  local files=("$out/debian/$1_${2//:/%3a}_"*.deb)
  echo "${files[0]}"
}

newest_version() { apt-cache policy "$1" | sed -n 's/^  Candidate: //p'; }

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

pin_debian() {
  local name version
  mkdir -p "$out/debian"
  {
    sed -n '/^#/p' "$image/debian.lock"
    for name in $(packages); do
      version=$(newest_version "$name")
      fetch_package "$name" "$version" || die "package $name $version cannot be had; run apt-get update"
      echo "$name $version $(digest_of "$(package_file "$name" "$version")")"
    done
  } >"$out/debian.lock"
  mv "$out/debian.lock" "$image/debian.lock"
}

# Sets version to the newest of Debian 12, and has its file.
take_newest() {
  # shellcheck disable=SC1091
  [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ] ||
    die "package $1 $version is gone, and only Debian 12 knows what came after it"
  version=$(newest_version "$1")
  if [ -z "$version" ] || ! fetch_package "$1" "$version"; then
    # the lists are older than the mirror
    apt-get -q update >"$out/apt.log" 2>&1 || true
    version=$(newest_version "$1")
    fetch_package "$1" "$version" || die "package $1 cannot be had; see $out/apt.log"
  fi
}

# Has the files of all packages, and writes down in debian.used which: those that are pinned, or
# the newest in place of those that are gone, if that is allowed.
fetch_debian() {
  local name pinned version digest
  mkdir -p "$out/debian"
  while read -r name pinned digest; do
    case $name in \#* | '') continue ;; esac
    version=$pinned
    if [ ! -e "$(package_file "$name" "$version")" ] && ! fetch_package "$name" "$version"; then
      [ "$newest_if_gone" = yes ] ||
        die "package $name $version cannot be had. Where apt-get update does not help, Debian has replaced it:" \
          "container/build --update-debian takes and pins the newest; an old release is built with the files kept in $out/debian"
      take_newest "$name"
      say "package $name $pinned is gone, $version takes its place: these images are for tests only"
      digest=$(digest_of "$(package_file "$name" "$version")")
    fi
    echo "$name $version $digest"
  done <"$image/debian.lock" >"$out/debian.used"
}

unpack_debian() {
  local name version digest file layer to package from
  fetch_debian
  rm -rf "$out/unpacked"
  while read -r name version digest; do
    file=$(package_file "$name" "$version")
    echo "$digest  $file" | sha256sum --quiet -c - || die "$file is not the pinned package"
    mkdir -p "$out/unpacked/$name"
    dpkg-deb --fsys-tarfile "$file" | tar -xf - -C "$out/unpacked/$name" --no-same-owner
    install -D -m 644 "$out/unpacked/$name/usr/share/doc/$name/copyright" \
      "$stage/system/usr/share/doc/$name/copyright" 2>/dev/null || true
  done <"$out/debian.used"
  while read -r layer to package from; do
    case $layer in \#* | '') continue ;; esac
    [ -e "$out/unpacked/$package$from" ] || die "package $package has no $from"
    install -D -m 755 "$out/unpacked/$package$from" "$stage/$layer$to"
  done <"$image/files.list"
}
