#!/bin/sh
# Writes short-way.ld anew: the functions that a plain `tokenward token` runs, so that the linker puts them side by side.
#
# To be run where much of the short way has changed, or the compiler. What the list lacks, or has too much, costs a little time and nothing else.
# Needs valgrind, and a login whose token is good in the home folder that `tokenward` uses here (TOKENWARD_HOME).
#
# A symbol's name holds hashes of its crates and counts its own letters. Both change with every version, and are left open in the patterns; so is
# which crate of ours it is, because modules move. Of the parts of the standard library's sort there are dozens of one name, 300 KiB together; they stay where they are.
set -eu
cd "$(dirname "$0")"
program=${1:-}
if [ -z "$program" ]; then
    cargo rustc --release --locked -p tokenward-cli --bin tokenward -- -C strip=none
    program=${CARGO_TARGET_DIR:-../../target}/release/tokenward
fi
calls=$(mktemp)
trap 'rm -f "$calls"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$calls" --demangle=no "$program" token >/dev/null
{
    echo "/* The functions that a plain \`tokenward token\` runs, side by side. Written by short-way.sh. */"
    echo "SECTIONS { .text.short_way : {"
    echo "    *(.text.main)"
    sed -nE 's/^c?fn=\([0-9]+\) (_(R|ZN)[^ ]*)$/\1/p' "$calls" |
        sed -E "s/'[0-9]+\$//; s/\\.llvm\\.[0-9]+\$/*/; s/17h[0-9a-f]{16}E/17h*E/; s/^_ZN[0-9]+tokenward(_[a-z]+)?/_ZN*/; s/Cs[0-9A-Za-z]+_/Cs*_/g; s/B[0-9A-Za-z]*_/B*_/g" |
        grep -vE 'core5slice4sort6stable(9quicksort|5drift)' | LC_ALL=C sort -u | sed 's/.*/    *(.text.& .text.unlikely.&)/'
    echo "} } INSERT BEFORE .text;"
} >short-way.ld
echo "$(grep -c '\.text\.' short-way.ld) names" >&2
