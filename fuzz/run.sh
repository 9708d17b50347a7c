#!/usr/bin/env bash
# Runs the fuzz targets by coverage, one after the other:
#
#     fuzz/run.sh -max_total_time=60            # all of them, a minute each
#     fuzz/run.sh -runs=100000 -seed=1 dns name # these two, so many inputs each
#
# Needs no nightly compiler: coverage is the part of LLVM that the stable one has. What is found interesting is kept in
# fuzz/corpus and is where the next run begins; an input that a target did not come through is in fuzz/artifacts, and the
# target's binary takes it as its only argument.
set -euo pipefail
cd "$(dirname "$0")"

cargo=${CARGO:-cargo}
host=$(rustc -vV | sed -n 's/^host: //p')
# As cargo-fuzz has them, but for the sanitizers, which are for code that may be unsafe.
coverage=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
)
# No input needs longer or more, in seconds and MiB.
bounds=(-timeout=10 -rss_limit_mb=1024 -max_len=16384)

main() {
    local flags=() targets=() argument target
    for argument in "$@"; do
        if [[ $argument == -* ]]; then flags+=("$argument"); else targets+=("$argument"); fi
    done
    if ((${#targets[@]} == 0)); then
        mapfile -t targets < <(basename -s .rs -a fuzz_targets/*.rs)
    fi
    # The versions that the program is built with; cargo adds libFuzzer's.
    cp ../Cargo.lock Cargo.lock
    # Naming the machine keeps the flags from what runs during the build.
    RUSTFLAGS="${coverage[*]}" "$cargo" build --quiet --target "$host" "${targets[@]/#/--bin=}"
    for target in "${targets[@]}"; do
        fuzz "$target" "target/$host/debug/$target" "${flags[@]}"
    done
}

fuzz() {
    local target=$1 binary=$2 log
    shift 2
    mkdir -p "corpus/$target" "artifacts/$target"
    log=artifacts/$target.log
    if ! "$binary" "$@" "${bounds[@]}" -artifact_prefix="artifacts/$target/" "corpus/$target" "seeds/$target" &>"$log"; then
        tail -n 40 "$log" >&2
        echo "fuzz: $target did not come through an input: see fuzz/artifacts/$target" >&2
        return 1
    fi
    echo "fuzz: $target: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 inputs in \2 s/p' "$log")"
}

main "$@"
