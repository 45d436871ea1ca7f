/** Runs the text of products on this machine and on simulated Cortex-M0 and M4, for tests and measurements. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chipPrelude } from "@open-brains/core/emit/c99/chip/prelude.ts"
import { missingProgram } from "../../../../../../scripts/testing.ts"

const PRELUDE = chipPrelude({ helpers: new Set(), requantisations: new Map() })

/** A compiler with its flags, and what runs its programs: nothing for this machine, else a board of QEMU. */
export interface Machine {
  readonly compiler: string
  readonly flags: readonly string[]
  readonly board?: {
    readonly name: string
    /** Origin and length. */
    readonly flash: string
    readonly ram: string
    /** The address after which a read is a fault. */
    readonly end: string
  }
}
const CORTEX = ["-mthumb", "-std=gnu99", "-nostdlib", "-nostartfiles"]
const M4 = { name: "netduinoplus2", flash: "0x08000000, LENGTH = 1M", ram: "128K", end: "0x20020000" }
export const MACHINES = {
  pc: { compiler: "gcc", flags: ["-std=c99", "-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover"] },
  m0: {
    compiler: "arm-none-eabi-gcc",
    flags: ["-mcpu=cortex-m0", "-O2", ...CORTEX],
    board: { name: "microbit", flash: "0, LENGTH = 256K", ram: "16K", end: "0x20004000" },
  },
  m4: { compiler: "arm-none-eabi-gcc", flags: ["-mcpu=cortex-m4", "-O2", ...CORTEX], board: M4 },
} as const satisfies Readonly<Record<string, Machine>>

/** The same processors by other options, and their relatives. */
export const BUILDS: Readonly<Record<string, Machine>> = {
  "m0 -O0": { ...MACHINES.m0, flags: [...MACHINES.m0.flags, "-O0"] },
  "m0 -Os": { ...MACHINES.m0, flags: [...MACHINES.m0.flags, "-Os"] },
  "m0 -O3 -flto": { ...MACHINES.m0, flags: [...MACHINES.m0.flags, "-O3", "-flto"] },
  m0plus: { ...MACHINES.m0, flags: [...MACHINES.m0.flags, "-mcpu=cortex-m0plus"] },
  m3: { ...MACHINES.m4, flags: [...MACHINES.m4.flags, "-mcpu=cortex-m3"] },
  "m4 -O0": { ...MACHINES.m4, flags: [...MACHINES.m4.flags, "-O0"] },
  "m4 -Os": { ...MACHINES.m4, flags: [...MACHINES.m4.flags, "-Os"] },
  "m4 -O3 -flto": { ...MACHINES.m4, flags: [...MACHINES.m4.flags, "-O3", "-flto"] },
  "m4 -mno-unaligned-access": { ...MACHINES.m4, flags: [...MACHINES.m4.flags, "-mno-unaligned-access"] },
  m7: {
    ...MACHINES.m4,
    flags: [...MACHINES.m4.flags, "-mcpu=cortex-m7"],
    board: { ...M4, name: "mps2-an500", flash: "0, LENGTH = 1M" },
  },
}

export function missingMachine({ compiler, board }: Machine): string | undefined {
  return missingProgram(compiler, ...(board ? ["qemu-system-arm"] : []))
}

const WARNINGS = ["-Wall", "-Wextra", "-Werror"]
const linkerScript = (flash: string, ram: string): string => `
MEMORY { FLASH (rx): ORIGIN = ${flash}  RAM (rwx): ORIGIN = 0x20000000, LENGTH = ${ram} }
ENTRY(reset)
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(4); start_of_data = .; } > FLASH
  .data : AT(start_of_data) { first_of_data = .; *(.data*) . = ALIGN(4); end_of_data = .; } > RAM
  .bss : { *(.bss*) *(COMMON) } > RAM
  end_of_stack = ORIGIN(RAM) + LENGTH(RAM) - 2K;
  /DISCARD/ : { *(.ARM.exidx*) *(.comment) }
}
`
/** \`say\` prints a line, through semihosting on a board. */
const PC = `#include <stdio.h>
static void say(const char *line) { puts(line); }
`
const START = `extern uint32_t start_of_data[], first_of_data[], end_of_data[], end_of_stack[];
int main(void);
static void host(uint32_t what, const void *with) {
  register uint32_t r0 __asm__("r0") = what;
  register const void *r1 __asm__("r1") = with;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
static void say(const char *line) { host(4, line); host(4, "\\n"); }
static void leave(uint32_t why) { host(0x18, (const void *)why); for (;;) {} }
void fault(void) { leave(0x20023); }
void reset(void) {
#ifndef __ARM_ARCH_6M__ /* the memory protection unit forbids the 4 KB from RAM_END */
  volatile uint32_t *unit = (volatile uint32_t *)0xe000ed94;
  unit[1] = 0; unit[2] = RAM_END; unit[3] = 11 << 1 | 1; unit[0] = 5;
#endif
  uint32_t *from = start_of_data;
  for (uint32_t *to = first_of_data; to < end_of_data;) *to++ = *from++;
  main();
  leave(0x20026);
}
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
  end_of_stack, (const void *)reset, (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault };
`
/** \`show(name, value)\` says a number in decimal. */
const SHOW = `static void show(int32_t value) {
  char text[12];
  int32_t at = 11;
  uint32_t rest = value < 0 ? UINT32_C(0) - (uint32_t)value : (uint32_t)value;
  text[at] = 0;
  do {
    uint32_t tenth = 0, left = rest;
    for (int32_t k = 28; k >= 0; --k)
      if (left >> k >= 10) { left -= UINT32_C(10) << k; tenth |= UINT32_C(1) << k; }
    text[--at] = (char)('0' + left);
    rest = tenth;
  } while (rest);
  if (value < 0) text[--at] = '-';
  say(text + at);
}
`

/**
 * The numbers that a C text says by `show(value)`; it holds functions and \`int main(void)\`. \`plugin\` is a plugin of QEMU
 * with its arguments, whose words on stderr come back too.
 */
export function run(
  machine: Machine,
  text: string,
  plugin?: string,
): { readonly numbers: number[]; readonly said: string } {
  const folder = mkdtempSync(join(tmpdir(), "dot-"))
  try {
    const [source, program, script] = [join(folder, "dot.c"), join(folder, "dot.elf"), join(folder, "board.ld")]
    const { board } = machine
    writeFileSync(
      source,
      `#include <stdint.h>\n#include <string.h>\n${PRELUDE}\n${board ? `#define RAM_END ${board.end}\n${START}` : PC}${SHOW}${text}`,
    )
    if (board) writeFileSync(script, linkerScript(board.flash, board.ram))
    const linking = board ? ["-T", script, "-lc", "-lgcc"] : []
    done(machine.compiler, [...machine.flags, ...WARNINGS, "-o", program, source, ...linking])
    if (!board) return numbersOf(done(program, []))
    return numbersOf(
      done("qemu-system-arm", [
        ...["-M", board.name, "-nographic", "-monitor", "none", "-serial", "none"],
        ...["-semihosting-config", "enable=on,target=native"],
        ...(plugin ? ["-plugin", plugin] : []),
        ...["-kernel", program],
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
function numbersOf(said: string): { readonly numbers: number[]; readonly said: string } {
  return {
    numbers: said
      .split("\n")
      .filter((line) => /^-?\d+$/.test(line))
      .map(Number),
    said,
  }
}
/** Both streams of a program that must end well within a minute. */
function done(program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8", timeout: 60_000 })
  if (error || status !== 0) throw new Error(`${program} ended with ${status}: ${error?.message ?? ""}\n${stderr}`)
  return stdout + stderr
}
