#!/usr/bin/env bash
# Makes intermediates.pem anew: takes the certificates already in it and those of
# the given files, keeps the ones that belong, and writes them sorted by SHA-256.
#
#   intermediates.sh ROOTS.pem [FILE.pem|FILE.der ...] > NEW.pem
#
# ROOTS.pem holds the roots a kept certificate must lead to. What is left out, and
# why, goes to standard error. Needs OpenSSL 3 and awk; asks nothing of the network.
set -euo pipefail
shopt -s nullglob
export LC_ALL=C

roots=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in" "$work/named" "$work/kept"
show() { openssl x509 -in "$1" -noout "${@:2}" 2> /dev/null; }
leave_out() { echo "$1: $(show "$2" -subject || echo "${2##*/}")" >&2; }

# One file a certificate, whatever the input's form.
n=0
for file in "$here/intermediates.pem" "$@"; do
    n=$((n + 1))
    awk -v out="$work/in/$n" '
        /-----BEGIN CERTIFICATE-----/ { on = 1; k++ }
        on { print > (out "-" k) }
        /-----END CERTIFICATE-----/ { on = 0; close(out "-" k) }
        END { exit !k }' "$file" || cp "$file" "$work/in/$n-der"
done

# Prints why the certificate can't belong, whoever signed it; nothing when it can.
fault() {
    openssl x509 -in "$1" -outform DER -out "$work/der" 2> /dev/null || { echo 'unreadable'; return; }
    show "$1" -ext basicConstraints | grep -q 'CA:TRUE' || { echo 'not a CA'; return; }
    [ "$(show "$1" -subject_hash)" != "$(show "$1" -issuer_hash)" ] || { echo 'self-issued'; return; }
    show "$1" -ext extendedKeyUsage | awk '/Usage/ { u = 1 } /Web Server|Any Extended/ { s = 1 } END { exit u && !s }' \
        || echo 'not for servers'
}
# Named by fingerprint: the same certificate twice is one file, and a glob is sorted.
for file in "$work"/in/*; do
    why=$(fault "$file")
    if [ -n "$why" ]; then leave_out "$why" "$file"; continue; fi
    openssl x509 -in "$file" -out "$work/named/$(openssl x509 -in "$file" -outform DER | sha256sum | cut -c1-64)"
done

# Grown from the roots down, so that a forged issuer never hides the true one.
moved=1
while [ "$moved" -gt 0 ]; do
    moved=0
    cat "$roots" "$work"/kept/* > "$work/pool.pem"
    for file in "$work"/named/*; do
        openssl verify -no-CApath -no-CAstore -CAfile "$roots" -untrusted "$work/pool.pem" -no_check_time -auth_level 2 "$file" \
            &> /dev/null && mv "$file" "$work/kept/" && moved=1
    done
done
for file in "$work"/named/*; do leave_out 'no path to a root' "$file"; done
for file in "$work"/kept/*; do show "$file" -subject -nameopt RFC2253,-esc_msb,utf8 | sed 's/^subject=/# /'; cat "$file"; done
