#!/bin/sh
# Installs the folder that this script lies in, for you alone: it needs neither root nor Python.
#
#   ./install.sh                    install, or upgrade what is there
#   ./install.sh --uninstall        take it away again
#   ./install.sh --prefix FOLDER    below this folder in place of ~/.local, both times
#
# Each version gets a folder of its own below lib/trayexec, and `current` leads to the one that counts. So an upgrade is
# one rename, and what still runs keeps its files until it ends.
set -eu
umask 022

usage() {
    sed -n 's/^#   //p' "$0"
}

say() {
    printf 'trayexec: %s\n' "$*"
}

fail() {
    printf 'trayexec: %s\n' "$*" >&2
    exit 1
}

# Whether a process runs from the folder $1. The agent lets nobody look into it, and says in its command line where its
# program lies.
runs() {
    for process in /proc/[0-9]*; do
        name=
        { read -r name <"$process/comm"; } 2>/dev/null || continue
        case $name in trayexec*) ;; *) continue ;; esac
        program=$(readlink "$process/exe" 2>/dev/null) || program=$(tr '\0' '\n' <"$process/cmdline" 2>/dev/null | head -n 1)
        case $program in "$1"/*) return 0 ;; esac
    done
    return 1
}

# Take away the folders of former versions, but for those from which something runs.
tidy() {
    for version in "$lib"/*/; do
        version=${version%/}
        if [ -L "$version" ] || [ "$version" = "$(readlink -f "$lib/current")" ] || runs "$version"; then
            continue
        fi
        rm -rf "$version"
    done
}

# Whether the place $1 is ours to write: nothing is there, or a link of ours, or one that leads to nothing.
free() {
    if [ -L "$1" ]; then
        case $(readlink "$1") in "$lib"/*) return 0 ;; esac
    fi
    [ ! -e "$1" ]
}

# Let the place $1 lead to $2, in one step.
lead() {
    ln -s "$2" "$1.new.$$"
    mv -fT "$1.new.$$" "$1"
}

# The files of $1, a folder, by their names below it.
names() {
    [ ! -d "$1" ] || (cd "$1" && find . -type f | sed 's,^\./,,' | sort)
}

install() {
    mkdir -p "$lib" "$bin"
    lib=$(cd "$lib" && pwd -P)
    for place in "$bin/trayexec" "$bin/trayexec-agent"; do
        free "$place" || fail "$place is another installation's. Take that away first, or choose another --prefix."
    done
    new=$(mktemp -d "$lib/.new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    trap 'exit 1' HUP INT TERM
    chmod 755 "$new"
    cp -RP "$here/." "$new/"
    version=$("$new/trayexec" --version 2>&1) ||
        fail "this does not run here: $version. It needs Linux on x86_64, with $(sed -n 's/^Needs: //p' "$here/README")."
    version=${version#trayexec }
    folder=$lib/$version.${new##*.}
    mv -T "$new" "$folder"
    trap - EXIT
    lead "$lib/current" "$folder"
    for name in trayexec trayexec-agent; do
        lead "$bin/$name" "$lib/current/$name"
    done
    names "$folder/share" | while read -r name; do
        if free "$share/$name"; then
            mkdir -p "$share/${name%/*}"
            lead "$share/$name" "$lib/current/share/$name"
        else
            say "$share/$name is not ours, and stays as it is"
        fi
    done
    say "$version is installed in $folder"
    if runs_former; then
        "$bin/trayexec" agent restart || say "the agent goes on as it is, and gives way to $version by itself as soon as it can"
    fi
    tidy
    case :$PATH: in
    *:"$bin":*) ;;
    *) say "$bin is not on your PATH: put it there, for instance in ~/.profile: PATH=$bin:\$PATH" ;;
    esac
}

# Whether something runs from another version than the current one.
runs_former() {
    for version in "$lib"/*/; do
        version=${version%/}
        if [ ! -L "$version" ] && [ "$version" != "$(readlink -f "$lib/current")" ] && runs "$version"; then
            return 0
        fi
    done
    return 1
}

# Every folder in which there was a link of ours, if nothing else is in it.
forsake() {
    (cd "$1" && rmdir -p "$2") 2>/dev/null || :
}

uninstall() {
    lib=$(cd "$lib" 2>/dev/null && pwd -P) || fail "nothing is installed in $lib"
    if [ -x "$lib/current/trayexec" ]; then
        "$lib/current/trayexec" autostart disable || say "the entry for your login stays"
        "$lib/current/trayexec" agent stop 2>/dev/null || :
    fi
    for version in "$lib"/*/; do
        version=${version%/}
        if [ ! -L "$version" ] && runs "$version"; then
            fail "something still runs from $version: let it end, then try again"
        fi
    done
    names "$lib/current/share" | while read -r name; do
        if [ -L "$share/$name" ] && free "$share/$name"; then
            rm -f "$share/$name"
            forsake "$share" "${name%/*}"
        fi
    done
    for name in trayexec trayexec-agent; do
        if [ -L "$bin/$name" ] && free "$bin/$name"; then
            rm -f "$bin/$name"
        fi
    done
    rm -rf "$lib"
    say "it is gone. Yours stay: your settings, your AWS files, and the keys in your keychain."
    say "If your shell's start file has a line with \`trayexec hook\`, take that away."
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
prefix=$HOME/.local
share=${XDG_DATA_HOME:-$prefix/share}
act=install
while [ $# -gt 0 ]; do
    case $1 in
    --uninstall) act=uninstall ;;
    --prefix)
        [ $# -gt 1 ] || fail "--prefix wants a folder"
        shift
        case $1 in /*) prefix=${1%/} ;; *) prefix=$PWD/${1%/} ;; esac
        share=$prefix/share
        ;;
    -h | --help)
        usage
        exit
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
lib=$prefix/lib/trayexec
bin=$prefix/bin
"$act"
