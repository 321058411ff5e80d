#!/bin/sh
# Install Kagami as a service from the folder that this lies in: an unpacked bundle, then nothing is fetched, or a clone.
#   sudo deploy/install.sh               check, say what will be done, ask, do it
#   sudo deploy/install.sh --yes         without the question; nor is it asked where nobody sits at a terminal
#   deploy/install.sh --check            only check, and say what would be done
#   sudo deploy/install.sh --uninstall   take everything away but /etc/kagami.conf and /var/lib/kagami
# Each step has a question whether it is done. What was interrupted goes on where it stopped when it is run again, and
# a second run changes nothing. The old version runs until the new one is whole: a rename goes over to it.
# shellcheck disable=SC1091,SC2317  # os-release is the system's; steps are called by their names
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

BOX=/opt/kagami
CONFIGURATION=/etc/kagami.conf
STATE=/var/lib/kagami
CACHE=/var/cache/kagami
PYTHON=/usr/bin/python3
COMMANDS="kagami kagami-engines"
# MB; tests/service/test_install.py prints what a version takes: 735 with wheels of 175, 490 with 113.
NEEDED_DISK=800 TIMES_WHEELS=5
LEAST_MEMORY=900        # MB; the service may take 250, a build of engines the rest

said=0 step=
say() { echo "kagami: $1"; }
fail() { said=1; echo "kagami: error: $1" >&2; exit "${2:-69}"; }
told() { printf '  %-4s  %-9s  %s\n' "$1" "$2" "$3"; }
ok() { told ok "$@"; }
warn() { told warn "$@"; }
bad() { told bad "$@"; faults=$((faults + 1)); }

# ---- what is here ----

check_rights() {
    if [ "$(id -u)" = 0 ]; then ok rights root; else warn rights "not root; installing needs: sudo deploy/install.sh"; fi
}

check_system() {
    name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}, $(uname -m)")
    family=$(. /etc/os-release 2>/dev/null && echo " ${ID:-} ${ID_LIKE:-} ")
    case $family in *" debian "*|*" ubuntu "*) ;; *) bad system "${name:-unknown}; it takes Debian or Ubuntu"; return ;; esac
    case $(uname -m) in x86_64|aarch64) ;; *) bad system "$name; it takes x86_64 or aarch64"; return ;; esac
    command -v systemctl >/dev/null || { bad system "$name without systemd; run: apt-get install systemd"; return; }
    ok system "$name"
}

check_jetpack() {
    [ -e /etc/nv_tegra_release ] || return 0
    release=$(sed -n 's/^# R\([0-9]*\).*REVISION: *\([0-9.]*\).*/\1.\2/p' /etc/nv_tegra_release)
    case $release in
    32.6.*|32.7.*) ok jetpack "4.6 (L4T $release)" ;;
    *) warn jetpack "L4T ${release:-unknown}: tried is JetPack 4.6; on a Nano flash 4.6.1" ;;
    esac
    version=$($PYTHON -c "import tensorrt; print(tensorrt.__version__)" 2>/dev/null) || version=
    case $version in
    "") warn tensorrt "not here, so the processor tracks: slower; run: sudo apt-get install python3-libnvinfer" ;;
    8.[0-9]*|10.*) ok tensorrt "$version" ;;
    *) warn tensorrt "$version: 8.0 to 10 are known, else the processor tracks" ;;
    esac
}

check_python() {
    [ -x $PYTHON ] || { bad python "no $PYTHON; run: sudo apt-get install python3"; return; }
    tag=$($PYTHON -c "import sys; print('cp%d%d' % sys.version_info[:2])")
    case $tag in cp36|cp38|cp39|cp31*) ;; *) bad python "$tag: it takes 3.6, or 3.8 and newer"; return ;; esac
    if [ -d wheels ] && ! ls wheels/numpy-*-"$tag"-*"_$(uname -m).whl" >/dev/null 2>&1; then
        bad python "this bundle is for another machine; take the one whose name ends in $tag-$(uname -m).tar"
    else ok python "$($PYTHON -V 2>&1 | sed 's/Python //')$([ ! -d wheels ] || echo ", and this bundle is for it")"; fi
}

check_bundle() {
    [ -e SHA256SUMS ] || return 0
    wrong=$(sha256sum -c --quiet SHA256SUMS 2>&1 | sed -n '1s/: .*//p')
    if [ -z "$wrong" ]; then ok bundle "every file is as it was packed"
    else bad bundle "$wrong is not as it was packed; unpack it again, or copy it again"; fi
}

check_disk() {
    place=/opt
    [ -d /opt ] || place=/
    free=$(($(df -Pk $place 2>/dev/null | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\([0-9]*\).*/\1/p') / 1024))
    needed=$NEEDED_DISK
    [ ! -d wheels ] || needed=$(($(du -sm wheels | cut -f 1) * TIMES_WHEELS))
    if is_version || [ "$free" -ge "$needed" ]; then ok disk "$free MB free"
    else bad disk "$free MB free in $place, $needed are needed; delete something, or take a larger card"; fi
}

check_memory() {
    [ -r /proc/meminfo ] || return 0        # a card image that is being made
    memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
    if [ $memory -ge $LEAST_MEMORY ]; then ok memory "$memory MB"
    else warn memory "$memory MB: under $LEAST_MEMORY it may be too little; end what else runs"; fi
}

check_camera() {
    names=$(cat /sys/class/video4linux/*/name 2>/dev/null | sort -u | tr '\n' ',' | sed 's/,$//; s/,/, /g')
    if [ -n "$names" ]; then ok camera "$names"; else warn camera "none is here; plug one in at any time"; fi
}

check_update() {
    [ ! -e "$BOX/trial" ] || bad update "one is on trial until it has been seen well; try again in two minutes"
}

checked() {
    say "checking this machine for version $version_here"
    faults=0
    for what in rights system jetpack python bundle disk memory camera update; do "check_$what"; done
    [ $faults = 0 ]
}

# ---- the steps: is it done, what it is, do it ----

is_packages() {      # without a network only what cannot be done without is asked for
    if [ -d wheels ]; then wanted=' needed$'; else wanted=.; fi
    ! deploy/setup.sh lacking | grep -q "$wanted"
}
words_packages() { echo "install packages of the system: $(deploy/setup.sh lacking | cut -d' ' -f1 | tr '\n' ' ')"; }
do_packages() {
    if [ -n "$(dpkg --audit 2>/dev/null)" ]; then dpkg --configure -a; fi       # an earlier try may have been cut off
    deploy/setup.sh lacking | cut -d' ' -f1 >> "$BOX/packages"
    deploy/setup.sh system || { said=1; exit 69; }      # it has said why
}

is_user() { id -nG kagami 2>/dev/null | tr ' ' '\n' | grep -qx video; }
words_user() { echo "make the user kagami, without a login, in the group video"; }
do_user() {
    getent group video >/dev/null || groupadd --system video
    id kagami >/dev/null 2>&1 ||
        useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin kagami
    usermod -aG video kagami
    [ ! -d "$STATE" ] || chown -R kagami:kagami "$STATE"        # of an earlier installation
}

is_version() { [ -e "$target/.complete" ] && same_tree "$target"; }
words_version() { echo "put version $version_here into $target$([ ! -d wheels ] || echo ", offline") (some minutes)"; }
do_version() {
    case $here in "$target"|"$target"/*) fail "$here: not whole, and it cannot mend itself; run install.sh of an unpacked bundle" ;; esac
    rm -rf "$target"
    mkdir "$target"
    tree | tar -xf - -C "$target" --no-same-owner
    "$target/deploy/setup.sh" 2> "$scratch/said" || {
        if grep '^kagami: error: ' "$scratch/said" >&2; then said=1; exit 69; fi
        fail "Python packages: $(sed -n 's/^ERROR: //p' "$scratch/said" | tail -n 1); see whether there is a network, and run this again"
    }
    "$target/.venv/bin/python" -m compileall -q "$target/appliance" "$target/engines" "$target/build_engines.py"
    sync
    echo "$stamp" > "$target/.complete.new"
    mv "$target/.complete.new" "$target/.complete"
    sync
}

is_current() { [ "$(readlink "$BOX/current")" = "versions/$name_here" ]; }
words_current() {
    old=$(readlink "$BOX/current" || :)
    echo "go over to version $name_here${old:+ from ${old#versions/}, which stays beside it}"
}
do_current() {
    old=$(readlink "$BOX/current" || :)
    if [ -n "$old" ] && [ -e "$BOX/$old/.complete" ]; then link "$old" "$BOX/previous"; fi
    link "versions/$name_here" "$BOX/current"
    sync
}

is_command() {
    for command in $COMMANDS; do
        [ "$(readlink "/usr/local/bin/$command")" = "$BOX/current/.venv/bin/$command" ] || return 1
    done
}
words_command() { echo "put the commands $COMMANDS into /usr/local/bin"; }
do_command() {
    mkdir -p /usr/local/bin
    for command in $COMMANDS; do
        at=/usr/local/bin/$command
        if [ -e "$at" ] && [ ! -L "$at" ]; then fail "$at: it is not ours; move it away and run this again"; fi
        link "$BOX/current/.venv/bin/$command" "$at"
    done
}

is_configuration() { [ -e "$CONFIGURATION" ]; }
words_configuration() { echo "write $CONFIGURATION, for you to change"; }
do_configuration() {
    port=80
    # Another web server has that port: a line of state 0A (listening) at :0050.
    if grep -qs ':0050 [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6; then port=8910; fi
    cat > $CONFIGURATION.new <<END
# Kagami's configuration. Every option: docs/config.md, or what \`kagami config\` prints.
# After a change: sudo systemctl reload kagami

[camera]
# Where pictures come from; \`kagami cameras\` lists what is here.
source = $(camera_here)

[target]
# Who moves: the computer with your avatar. \`kagami discover\` and docs/connect tell what to write.
#to = vmc@192.168.1.20:39539

[panel]
# The page, for the whole house: http://$(hostname).local$([ $port = 80 ] || echo :$port)/
address = 0.0.0.0
port = $port
END
    chmod 644 $CONFIGURATION.new
    sync
    mv $CONFIGURATION.new "$CONFIGURATION"
}

camera_here() {      # a Jetson's own camera, where one is plugged in
    if grep -qs vi-output /sys/class/video4linux/*/name; then echo csi; else echo usb; fi
}

is_key() { [ ! -e release.pub ] || [ -e "$BOX/release.pub" ]; }
words_key() { echo "believe updates that are signed with this bundle's key"; }
do_key() {
    cp release.pub "$BOX/release.pub.new"
    mv "$BOX/release.pub.new" "$BOX/release.pub"
}

is_registry() { [ -z "$(registry)" ] || [ -e "$(registry)" ]; }
words_registry() { echo "let GStreamer learn its plug-ins"; }
do_registry() {
    install -d -o kagami -g kagami -m 755 "$CACHE"
    lent=$(mktemp -d)       # written as root, because a cache must not be believed before it is whole
    GST_REGISTRY=$lent/registry deploy/setup.sh lacking >/dev/null
    [ -e "$lent/registry" ] || fail "GStreamer: it wrote no registry; try: gst-inspect-1.0 appsink"
    chown kagami:kagami "$lent/registry"
    mv "$lent/registry" "$(registry)"
    rmdir "$lent"
}
registry() { sed -n 's/^Environment=.*GST_REGISTRY=\([^ "]*\).*/\1/p' systemd/kagami.service 2>/dev/null | head -n 1; }

is_units() { "$target/deploy/units.sh" check 2>/dev/null; }
words_units() { echo "place and enable the units of systemd"; }
do_units() { "$target/deploy/units.sh" install; }

is_name() {      # http://NAME.local/ wants somebody who answers for it
    [ ! -d /run/systemd/system ] || ! systemctl cat avahi-daemon.service >/dev/null 2>&1 ||
        systemctl -q is-active avahi-daemon.service
}
words_name() { echo "start avahi, so that $(hostname).local is found"; }
do_name() { systemctl -q enable --now avahi-daemon.service; }

is_service() {
    [ -d /run/systemd/system ] || return 0
    for unit in $(lasting); do runs_here "$unit" || return 1; done
}
words_service() { echo "start $(lasting | tr '\n' ' ')"; }
do_service() {
    for unit in $(lasting); do
        runs_here "$unit" && continue
        # Those that were killed too often in a row count as failed.
        systemctl reset-failed "$unit" 2>/dev/null || :
        systemctl restart "$unit" || fail "$unit: it does not start; its words: journalctl -u $unit"
        tries=0
        until runs_here "$unit"; do
            tries=$((tries + 1))
            [ $tries -lt 20 ] || fail "$unit: it does not stay; its words: journalctl -u $unit"
            sleep 1
        done
    done
    # What waits for something, and what takes minutes, goes on by itself.
    for unit in $(cd systemd && grep -l '^\[Install\]' -- *.path *.timer kagami-power.service kagami-engines.service 2>/dev/null); do
        systemctl start --no-block "$unit" || :
    done
}
lasting() {      # the services that run for as long as the machine does, and are not masked
    for unit in kagami.service kagami-panel.service; do
        if ! systemctl is-enabled "$unit" 2>/dev/null | grep -q masked; then echo $unit; fi
    done
}
runs_here() {      # whether a unit runs, and this version of it
    systemctl -q is-active "$1" || return 1
    main=$(systemctl show -p MainPID "$1" | sed 's/MainPID=//')
    tr '\0' '\n' < "/proc/$main/cmdline" 2>/dev/null | head -n 1 | grep -q "^$target/"
}

STEPS="packages user version current command configuration key registry units name service"

# ---- pieces ----

link() { ln -sfn "$1" "$2.new"; mv -T "$2.new" "$2"; }      # mv -T is rename(2)

# The files that a version consists of, the same bytes for the same files.
tree() {
    tar -cf - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        --exclude=.git --exclude='.venv*' --exclude=__pycache__ --exclude='*.egg-info' --exclude=node_modules \
        --exclude=.pytest_cache --exclude=.complete .
}
stamped() { if [ -e SHA256SUMS ]; then cksum < SHA256SUMS; else tree | cksum; fi | cut -d ' ' -f 1; }

same_tree() {      # FOLDER: whether that version was made of this tree
    if [ -e SHA256SUMS ]; then cmp -s SHA256SUMS "$1/SHA256SUMS"; else [ "$(cat "$1/.complete")" = "$stamp" ]; fi
}

find_names() {
    here=$(pwd -P)
    version_here=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' appliance/__init__.py)
    [ -n "$version_here" ] || fail "$here: this is no Kagami; run deploy/install.sh of an unpacked bundle or a clone" 65
    name_here=$version_here
    case $here in $BOX/versions/*) name_here=${here#"$BOX/versions/"}; stamp=$(cat .complete 2>/dev/null || :) ;;
    *) stamp=$(stamped) ;; esac
    target=$BOX/versions/$name_here
    # A tree that was changed without a new version goes beside the one that may be running.
    if [ -e "$target/.complete" ] && ! same_tree "$target"; then
        name_here=$version_here+$stamp
        target=$BOX/versions/$name_here
    fi
}

asked() {      # QUESTION: yes, where nobody sits there to answer
    [ "$quietly" = 0 ] && [ -t 0 ] && [ -t 1 ] || return 0
    printf 'kagami: %s [Y/n] ' "$1"
    read -r answer
    case $answer in ""|[yYjJ]*) ;; *) said=1; say "nothing was done"; exit 1 ;; esac
}

alone() {      # two at once would each undo what the other does; `kagami update` takes the same lock
    mkdir -p "$BOX/versions"
    exec 9< "$BOX/versions"
    flock -n 9 || fail "install.sh: another installation or update is under way; wait for it" 75
}

farewell() {
    port=$(of_panel port) address=$(of_panel address)
    [ "${port:-8910}" = 80 ] && port= || port=:${port:-8910}
    case ${address:-127.} in
    127.*|localhost|::1) say "the page: http://127.0.0.1$port/, on this machine alone (for the house: [panel] address = 0.0.0.0 in $CONFIGURATION)" ;;
    *)  say "the page: http://$(hostname).local$port/ (or this machine's address: $(hostname -I 2>/dev/null))"
        [ ! -e /etc/nv_tegra_release ] || say "from a PC at its USB socket: http://192.168.55.1$port/" ;;
    esac
    say "how everything is: kagami doctor; what it says: journalctl -u kagami"
}
of_panel() { sed -n "/^\[panel\]/,/^\[/s/^$1 *= *//p" "$CONFIGURATION" | head -n 1; }

# ---- what is asked for ----

install_all() {
    find_names
    checked || fail "install.sh: see the lines that begin with bad; mend that and run this again"
    todo=
    for one in $STEPS; do "is_$one" || todo="$todo $one"; done
    [ -n "$todo" ] || { say "all is there already, nothing was changed"; return; }
    say "what will be done:"
    for one in $todo; do echo "  $("words_$one")"; done
    [ "$only_check" = 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "install.sh: it needs root; run: sudo deploy/install.sh" 77
    alone
    asked "go on?"
    count=0 all=$(echo "$todo" | wc -w)
    for step in $todo; do
        count=$((count + 1))
        say "$count of $all: $("words_$step")"
        "do_$step"
        "is_$step" || fail "install.sh: $step is not as it should be after it was done; run this again, and look at what it says"
    done
    say "version $name_here is installed"
    farewell
}

uninstall() {
    [ "$(id -u)" = 0 ] || fail "install.sh: it needs root; run: sudo deploy/install.sh --uninstall" 77
    alone
    asked "take Kagami away, all but $CONFIGURATION and $STATE?"
    say "stopping it and taking the units away"
    deploy/units.sh remove
    for command in $COMMANDS; do
        case $(readlink "/usr/local/bin/$command") in $BOX/*) rm -f "/usr/local/bin/$command" ;; esac
    done
    # What stays belongs to nobody who may come later under the same number.
    [ ! -d "$STATE" ] || chown -R root:root "$STATE"
    if id kagami >/dev/null 2>&1; then userdel kagami; fi
    packages=$(sort -u "$BOX/packages" 2>/dev/null | tr '\n' ' ')
    rm -rf "$CACHE" /run/kagami "$STATE-first-boot" "$STATE-power"
    [ -z "$packages" ] || say "packages of the system stay; to take them away: sudo apt-get remove $packages"
    for kept in "$CONFIGURATION" "$STATE"; do [ ! -e $kept ] || say "$kept stays; it is yours"; done
    rm -rf "$BOX"
    say "Kagami is taken away"
}

ended() {
    status=$?
    rm -rf "$scratch"
    [ $status = 0 ] || [ "$said" = 1 ] ||
        echo "kagami: error: install.sh: it was stopped${step:+ while this was done: $("words_$step")}; run it again, it goes on there" >&2
}

main() {
    cd "$(dirname "$0")/.."
    quietly=0 only_check=0 uninstalling=0
    for word; do
        case $word in
        --yes|-y) quietly=1 ;;
        --check) only_check=1 ;;
        --uninstall) uninstalling=1 ;;
        -h|--help) sed -n '2,8s/^# //p' deploy/install.sh; exit ;;
        *) fail "$word: not known; give --check, --yes or --uninstall" 2 ;;
        esac
    done
    scratch=$(mktemp -d)
    trap ended EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    # Nothing is left in root's home. Any value does that; pip 9, Ubuntu 18.04's, takes 1 for a path and ends.
    export PIP_NO_CACHE_DIR=0 GST_REGISTRY="$scratch/registry"
    if [ $uninstalling = 1 ]; then uninstall; else install_all; fi
}

main "$@"
