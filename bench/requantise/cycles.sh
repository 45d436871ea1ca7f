#!/bin/sh
# Cycles per value and bytes of flash for every candidate, over the empty loop (load, truncate, store) with the same accumulator.
# Needs avr-gcc, avr-libc, libsimavr and a C compiler. A row whose bits differ between AVR and this machine ends the run.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -o "$work/simulate" simulate.c -I/usr/include/simavr -lsimavr -lelf

build() { # candidate out parameters further-flags: sets cycles, bytes
  flags="-DCANDIDATE=$1 -DOUT=$2 -DPARAMETERS=$3 $4"
  avr-gcc -mmcu=atmega328p -std=gnu99 -O2 -Wall -Wextra $flags -o "$work/avr.elf" cycles.c
  cc -std=c99 -O2 -Wall -Wextra -fsanitize=undefined -fno-sanitize-recover=all $flags -o "$work/native" cycles.c
  set -- $("$work/simulate" "$work/avr.elf" | tail -n 1) $("$work/native") # simavr prints what it loads first
  cycles=$1
  if [ "$2" != "$3" ]; then echo "bits differ: $flags" >&2; exit 1; fi
  bytes=$(avr-size "$work/avr.elf" | awk 'NR == 2 { print $1 }')
}

printf '%-10s %-4s %-24s %10s %6s\n' candidate out parameters cycles bytes
row() { # name candidate out parameters flags
  empty=0; case $2 in 7 | 9 | 10) empty=-DEMPTY24=1 ;; esac
  build 0 "$3" 0 "${empty#0}"; base_cycles=$cycles; base_bytes=$bytes
  build "$2" "$3" "$4" "$5"
  case $4 in 0) where='constant' ;; 1) where='multiplier in flash' ;; 2) where='both in flash' ;; esac
  # flash tables are data, not code
  table=0; width=2; case $2 in 4) width=4 ;; 8 | 9) width=1 ;; esac
  [ "$4" -ge 1 ] && table=$((44 * width)); [ "$4" = 2 ] && table=$((table + 44))
  awk -v n="$1" -v o="$3" -v w="$where" -v c="$((cycles - base_cycles))" -v b="$((bytes - base_bytes - table))" \
    'BEGIN { printf "%-10s %-4s %-24s %10.1f %6d\n", n, "i" o, w, c / 32, b }'
}
for out in 8 16; do
  for parameters in 0 1 2; do
    row A 1 $out $parameters -DHEADROOM=0
    if [ $out = 8 ]; then # B and F cannot fill 16 bits
      row A4 1 $out $parameters -DHEADROOM=4
      row B 2 $out $parameters ''
      row BR 3 $out $parameters ''
      row F 8 $out $parameters ''
    fi
    row C 4 $out $parameters ''
    row D 5 $out $parameters ''
    row D24 10 $out $parameters ''
    row E 6 $out $parameters ''
    row E24 7 $out $parameters ''
    if [ $out = 8 ] && [ $parameters != 2 ]; then row G 9 $out $parameters ''; fi
  done
done
