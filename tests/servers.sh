#!/usr/bin/env bash
# Fetches the servers the tests talk to and unpacks them under a folder of ours:
#
#     tests/servers.sh target/servers
#
# Nothing is installed, configured, enabled or started: Debian's (or Ubuntu's) packages are downloaded with
# `apt-get download` and unpacked with `dpkg-deb -x`, together with the libraries this system does not have. Neither root
# nor sudo is needed; where the system's package lists are missing or stale, private ones are fetched beside the servers.
# A second run with the same list of packages does nothing.
set -euo pipefail

# What the tests run. Libraries follow by themselves.
packages=(
    nginx                       # the customers' reverse proxy
    haproxy caddy apache2-bin   # and the others that can be one
    knot knot-dnsutils          # the name server, and kdig
    nsd                         # a second one, which may disagree
    postfix                     # the relay
    sasl2-bin libsasl2-modules  # its users and passwords
    fakeroot libfakeroot        # lets it start without root
    libnss-wrapper              # a hosts file for one process
    prometheus                  # scrapes us; promtool
    prometheus-alertmanager     # is told what fires; amtool
    prometheus-blackbox-exporter # the peer that `make bench` measures
    valgrind                    # counts instructions
    openssl                     # a second opinion on handshakes
    unbound                     # the resolver, also over TLS and HTTPS
)

# Packages that follow, but that nothing here runs: scripts of web pages, fonts, archivers, and the C library, which must
# remain the one of the system's own loader.
unwanted='^(libjs-.*|fonts-.*|cpio|libc6|libc-bin|adduser|debconf|ucf|init-system-helpers|python3.*|perl.*)$'

servers=${1:?usage: tests/servers.sh FOLDER}
stamp=$(printf '%s\n' "$(. /etc/os-release && echo "$ID ${VERSION_ID-}")" "$(uname -m)" "${packages[@]}" "$unwanted" | sha256sum)

main() {
    mkdir -p "$servers"
    servers=$(cd "$servers" && pwd)
    # Two runs at once: the second waits, and finds the work done.
    exec 9>"$servers/lock"
    flock 9
    [[ ! -f $servers/stamp || $(<"$servers/stamp") != "$stamp" ]] || return 0

    need apt-get dpkg-deb
    echo "servers: fetching ${packages[*]}"
    local apt=()
    if ! download 2>/dev/null; then
        echo "servers: the system's package lists will not do, fetching private ones"
        private_lists
        download || fail "could not download the packages"
    fi
    unpack
    echo "$stamp" >"$servers/stamp"
    echo "servers: unpacked under $servers"
}

# What is to be fetched: the packages themselves, and what apt would install beside them here.
wanted() {
    local simulated
    simulated=$(LC_ALL=C apt-get "${apt[@]}" --simulate --no-install-recommends install "${packages[@]}" 2>&1) || {
        tail -n 5 <<<"$simulated" >&2
        return 1
    }
    { printf '%s\n' "${packages[@]}"; awk '$1 == "Inst" { print $2 }' <<<"$simulated"; } | sort -u | grep -Ev "$unwanted"
}

download() {
    local names
    names=$(wanted) || return 1
    rm -rf "$servers/debs"
    mkdir -p "$servers/debs"
    # As root, apt would want to download as a user who cannot write here.
    (cd "$servers/debs" && xargs apt-get "${apt[@]}" -qq -o "APT::Sandbox::User=root" download <<<"$names")
}

private_lists() {
    mkdir -p "$servers"/apt/{lists,cache}/partial
    apt=(-o "Dir::State::Lists=$servers/apt/lists" -o "Dir::Cache=$servers/apt/cache" -o Debug::NoLocking=1)
    # A foreign source that fails need not matter: the download tells.
    apt-get "${apt[@]}" -qq -o "APT::Sandbox::User=root" update || true
}

# Unpacks beside the old ones and swaps, so that an interrupted run leaves nothing half done.
unpack() {
    rm -rf "$servers/fresh" "$servers/stamp"
    mkdir "$servers/fresh"
    local deb
    for deb in "$servers"/debs/*.deb; do
        dpkg-deb -x "$deb" "$servers/fresh"
    done
    rm -rf "$servers/root" "$servers/debs" "$servers/apt"
    mv "$servers/fresh" "$servers/root"
    # Where the loader is to look, one folder a line.
    find "$servers/root" -name '*.so*' -printf '%h\n' | sort -u >"$servers/libraries"
}

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "needs $tool: the tests' servers come from Debian's or Ubuntu's packages"
    done
}

fail() {
    echo "servers: $*" >&2
    exit 1
}

main
