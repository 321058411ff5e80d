#!/bin/sh
# Put Kagami's units where systemd reads them; for an installation, an update and a card image alike.
#   deploy/units.sh install [FOLDER]    place what is new or other, enable what has an [Install] section
#   deploy/units.sh check [FOLDER]      status 0 where that would change nothing
#   deploy/units.sh remove [FOLDER]     stop, disable, take away
# FOLDER: the root of a system that does not run. /usr/local/lib/systemd/system leaves /etc/systemd/system to
# whoever looks after the machine: `systemctl edit` and `systemctl mask` work there, and what is masked stays off.
# KAGAMI_SYSTEMD: the version of systemd in FOLDER, where its programs cannot run here.
set -eu
cd "$(dirname "$0")/.."
root=${2:-}
units=$root/usr/local/lib/systemd/system
journal=$root/etc/systemd/journald.conf.d
syslog=$root/etc/rsyslog.d

runs() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
control() { if [ -n "$root" ]; then systemctl --root="$root" "$@"; else systemctl "$@"; fi; }

# The systemd that will read them, as a number; one that does not tell counts as the oldest.
version() {
    [ -z "${KAGAMI_SYSTEMD:-}" ] || { echo "$KAGAMI_SYSTEMD"; return; }
    { chroot "${root:-/}" systemctl --version || systemctl --version; } 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p'
}

# SOURCE DESTINATION, a line each. A drop-in NNN-*.conf is for systemd NNN and newer.
files() {
    for file in systemd/*.service systemd/*.path systemd/*.timer; do echo "$file $units/${file#systemd/}"; done
    for file in systemd/*.d/[0-9]*.conf; do
        name=${file##*/}
        if [ "$(version)" -ge "${name%%[!0-9]*}" ] 2>/dev/null; then echo "$file $units/${file#systemd/}"; fi
    done
    echo "systemd/journald.conf $journal/kagami.conf"
    if [ -d "$syslog" ]; then echo "systemd/rsyslog.conf $syslog/10-kagami.conf"; fi
}

# Ours that this version does not have.
stale() {
    for file in "$units"/kagami*.* "$units"/kagami*.d/*; do
        [ ! -f "$file" ] || files | grep -q " $file\$" || echo "$file"
    done
}

wanted() {      # the units to be enabled
    for file in systemd/*.service systemd/*.path systemd/*.timer; do
        grep -qs '^\[Install\]' "$file" || continue
        [ "$(readlink "$root/etc/systemd/system/${file#systemd/}")" = /dev/null ] || echo "${file#systemd/}"
    done
}

is_done() {
    [ -z "$(stale)" ] || return 1
    files | while read -r source to; do cmp -s "$source" "$to" || exit 1; done || return 1
    for unit in $(wanted); do control -q is-enabled "$unit" 2>/dev/null || return 1; done
}

place() {      # whole or not at all
    mkdir -p "${2%/*}"
    cp "$1" "${2%/*}/.kagami-new"
    chmod 644 "${2%/*}/.kagami-new"
    mv "${2%/*}/.kagami-new" "$2"
}

drop() {      # FILE...
    for file; do
        case $file in "$units"/*.d/*|"$journal"/*|"$syslog"/*) ;; *)
            control -q disable "${file##*/}" 2>/dev/null || :
        esac
        rm -f "$file"
        [ "${file%/*}" = "$syslog" ] || rmdir "${file%/*}" 2>/dev/null || :
    done
}

reread() {      # BEFORE AFTER: what the logs keep wants a new start of theirs
    runs || return 0
    systemctl daemon-reload
    [ "$1" = "$2" ] || systemctl try-restart systemd-journald rsyslog 2>/dev/null || :
}

limit() { cksum "$journal/kagami.conf" "$syslog/10-kagami.conf" 2>/dev/null || :; }

case "${1:-}" in
check) is_done ;;
install)
    is_done && exit
    before=$(limit)
    # shellcheck disable=SC2046  # our names have no blanks
    drop $(stale)
    files | while read -r source to; do cmp -s "$source" "$to" || place "$source" "$to"; done
    # shellcheck disable=SC2046
    control -q enable $(wanted)
    reread "$before" "$(limit)"
    ;;
remove)
    before=$(limit)
    # What would start the others again comes first.
    for file in "$units"/kagami*.timer "$units"/kagami*.path "$units"/kagami*.service; do
        if runs && [ -f "$file" ]; then systemctl stop "${file##*/}"; fi
    done
    for file in "$units"/kagami*.* "$units"/kagami*.d/* "$journal/kagami.conf" "$syslog/10-kagami.conf"; do
        [ ! -f "$file" ] || drop "$file"
    done
    rmdir "$units" "${units%/*}" "$journal" 2>/dev/null || :
    reread "$before" "$(limit)"
    ;;
*) sed -n '2,8s/^# //p' "$0"; exit 2 ;;
esac
