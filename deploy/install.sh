#!/bin/sh
# Installs meshcapture as a service of systemd on a 64-bit Raspberry Pi or another Linux machine:
#
#   sudo sh install.sh [EXECUTABLE] [OPTIONS OF `meshcapture init`]
#
# EXECUTABLE is the file `meshcapture` beside this script or in the working directory, unless it is
# named. Run it again with a newer executable to update: what is there stays as it is (configuration,
# databases, changes made by `systemctl edit`), and the service is started anew. The first time
# `meshcapture init` writes a configuration and prints what to enter in a radio.
#
# To take it away again, without the databases in /var/lib/meshcapture:
#   systemctl disable --now meshcapture meshcapture-backup.timer
#   rm /usr/local/bin/meshcapture /etc/systemd/system/meshcapture*
#
# INSTALL_ROOT=/folder installs below a folder and starts nothing, for images and tests.
set -eu

root=${INSTALL_ROOT:-}
user=meshcapture
program=$root/usr/local/bin/meshcapture
config=$root/etc/meshcapture/config.yaml
data=$root/var/lib/meshcapture
units=$root/etc/systemd/system
here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

case $(uname -s) in
  Linux) ;;
  *) fail "This script is for Linux." ;;
esac
# A 32-bit system may run on a 64-bit kernel, so the kernel's word is not enough.
if [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 32 ]; then
  fail "This is a 32-bit system, and meshcapture runs on 64-bit systems only: install the 64-bit Raspberry Pi OS (a Pi 3, 4, 5 or Zero 2 W can run it)."
fi
case $(uname -m) in
  x86_64 | aarch64) ;;
  *) fail "This machine is $(uname -m); meshcapture runs on x86_64 and aarch64 (a 64-bit Raspberry Pi) only." ;;
esac
if [ -z "$root" ]; then
  [ "$(id -u)" = 0 ] || fail "This needs the rights of root: sudo sh $0"
  [ -d /run/systemd/system ] || fail "There is no systemd here. Start meshcapture run --config FILE by whatever starts your services."
fi

executable=
case ${1:-} in
  "" | -*) ;;
  *)
    executable=$1
    shift
    [ -f "$executable" ] || fail "There is no file $executable."
    ;;
esac
if [ -z "$executable" ]; then
  for candidate in "$here/meshcapture" ./meshcapture "$here/../dist/meshcapture"; do
    [ -f "$candidate" ] && executable=$candidate && break
  done
  [ -n "$executable" ] || fail "There is no executable meshcapture here. Name it: sudo sh $0 /path/to/meshcapture"
fi

# 1. The program. A running one cannot be written to, but it can be replaced.
mkdir -p "$(dirname "$program")"
if ! cmp -s "$executable" "$program"; then
  install -m 755 "$executable" "$program.new"
  if ! version=$("$program.new" version 2>&1); then
    rm -f "$program.new"
    fail "$executable does not run on this machine: $version"
  fi
  mv -f "$program.new" "$program"
  say "$program: $version"
fi

# 2. The user, and folders that are its own.
if [ -z "$root" ] && ! getent passwd "$user" >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/meshcapture --no-create-home \
    --shell /usr/sbin/nologin "$user"
  say "user $user"
fi
own() { # MODE OWNER FOLDER: makes a folder; below another root nobody owns anything yet.
  mkdir -p "$3"
  chmod "$1" "$3"
  [ -n "$root" ] || chown "$2" "$3"
}
own 750 "root:$user" "$root/etc/meshcapture"
own 750 "$user:$user" "$data"

# 3. A configuration, if there is none.
if [ ! -e "$config" ]; then
  "$program" init --config "$config" --data /var/lib/meshcapture "$@"
  if [ -z "$root" ]; then
    chown "root:$user" "$config"
    chmod 640 "$config"
  fi
elif [ $# -gt 0 ]; then
  say "$config stays as it is; the options count for a new one only."
fi

# 4. The units.
mkdir -p "$units"
for unit in meshcapture.service meshcapture-backup.service meshcapture-backup.timer; do
  cmp -s "$here/$unit" "$units/$unit" || install -m 644 "$here/$unit" "$units/$unit"
done

if [ -n "$root" ]; then
  say "Installed below $root; nothing was started."
  exit 0
fi
systemctl daemon-reload
systemctl enable --quiet meshcapture.service meshcapture-backup.timer
systemctl restart meshcapture.service
systemctl start meshcapture-backup.timer
say "meshcapture runs. Its log: journalctl -u meshcapture -f"
