# Sourced: what this machine lacks, and how to get it. Bash.

# The Debian packages that building and running need.
unroll_packages="libpq-dev libopenblas-dev zlib1g-dev pkg-config postgresql ca-certificates"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 2
}

# install_missing PACKAGE…: installs those that are not there yet, as root or with sudo.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local apt="env DEBIAN_FRONTEND=noninteractive apt-get"
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      apt="sudo $apt"
    else
      fail "missing: ${missing[*]}; run as root:  apt-get install ${missing[*]}"
    fi
  fi
  say "Installing ${missing[*]}"
  $apt update -qq || fail "apt-get update failed"
  # A server that Debian starts by itself is of no use here: Unroll starts its own.
  $apt install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get install ${missing[*]} failed"
}

# Swift itself comes from swift.org and is not installed here.
need_swift() {
  command -v swift >/dev/null 2>&1 ||
    fail "swift is not in PATH: install Swift 6.3 for Linux from swift.org/install"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1 || true)
  case "$version" in
    6.[3-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) ;;
    *) fail "Swift 6.3 or newer is needed, found: ${version:-an unknown version}" ;;
  esac
}
