import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { temporary } from "../testing/command.ts"
import { readElf } from "./elf.ts"
import { type StackBound, stackOf } from "./stack.ts"

const HEAD = `#include <stdint.h>
#define APART __attribute__((noipa))
volatile uint32_t seen; void *volatile kept; void (*volatile pointer)(void); volatile float real;
`
interface Built {
  bound(name: string): StackBound
  /** What the compiler says of the frame of one function. */
  frame(name: string): number
}
function build(source: string, chip: string, ...flags: readonly string[]): Built {
  const folder = temporary()
  writeFileSync(join(folder, "a.c"), `${HEAD}${source}\nint main(void) { for (;;) seen = f(seen); }`)
  const words = [
    `-mcpu=${chip}`,
    "-mthumb",
    "-O2",
    "-ffreestanding",
    "-fstack-usage",
    "-nostdlib",
    "-Wl,-emain",
    ...flags,
  ]
  execFileSync("arm-none-eabi-gcc", [...words, "-o", "a.elf", "a.c", "-lgcc"], { cwd: folder, stdio: "pipe" })
  const elf = readElf(readFileSync(join(folder, "a.elf")), "a.elf")
  const [said] = execFileSync("sh", ["-c", "cat *.su"], { cwd: folder, encoding: "utf8" }).split("\n\n")
  return {
    bound: (name) => stackOf(elf, name),
    frame: (name) => Number(new RegExp(`:${name}\\t(\\d+)`).exec(said!)![1]),
  }
}

const CHIPS = [["cortex-m0"], ["cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]] as const
/** Frames of many kinds; each function calls the next, and the last one none. */
const CHAIN: Readonly<Record<string, string>> = {
  leaf: "APART uint32_t leaf(uint32_t n) { return n + seen; }",
  small: "APART uint32_t small(uint32_t n) { uint32_t x[5]; kept = x; x[n % 4] = leaf(n); return x[1] + n; }",
  large: "APART uint32_t large(uint32_t n) { uint32_t x[700]; kept = x; x[n & 511] = small(n); return x[1] + n; }",
  many: "APART uint32_t many(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e) { uint32_t s = a; for (uint32_t i = 0; i < b; i++) { s += large(i) * (a ^ c) + (b ^ d) * e; a += s; c ^= a; d += c; e += d; } return s; }",
  floats:
    "APART float floats(float a, float b) { float s = 0, t = b, u = a; for (int i = 0; i < 5; i++) { seen = many(seen, 2, 3, 4, 5); s += t * u; t += s; u += real; } return s * t + u; }",
  list: "APART uint32_t list(uint32_t n, ...) { __builtin_va_list l; __builtin_va_start(l, n); uint32_t s = 0; while (n--) s += __builtin_va_arg(l, uint32_t); __builtin_va_end(l); real = floats(real, 2); return s; }",
  f: "APART uint32_t f(uint32_t n) { return n > 7 ? list(3, n, n, n) + n : leaf(n); }",
}

for (const [chip, ...flags] of CHIPS)
  for (const level of ["-O2", "-Os", "-O0", "-O3"])
    test(`${chip} ${level}: the bound is the sum of the frames that the compiler tells`, (context) => {
      requireOrSkip(context, missingProgram("arm-none-eabi-gcc"), false)
      const built = build(Object.values(CHAIN).join("\n"), chip, ...flags, level)
      const names = Object.keys(CHAIN).reverse()
      // It does not count the four registers that a function with `...` puts beside its caller's arguments.
      const sum = names.reduce((total, name) => total + built.frame(name), 16)
      const deep = built.frame("leaf") === 0 ? names.slice(0, -1) : names
      expect(built.bound("f")).toEqual({ bytes: sum, path: deep })
    })

for (const [chip, ...flags] of CHIPS)
  test.for([
    ["recursion", "APART uint32_t f(uint32_t n) { return n < 2 ? n : f(n - 1) + f(n - 2); }"],
    ["indirect call", "APART uint32_t f(uint32_t n) { pointer(); return n; }"],
    ["indirect call", "APART uint32_t f(uint32_t n) { pointer(); seen = n; pointer(); return 1; }"],
    ["variable frame", "APART uint32_t f(uint32_t n) { char x[n]; kept = x; return x[n / 2]; }"],
    ["variable frame", 'APART uint32_t f(uint32_t n) { __asm__ volatile("mov sp, %0" :: "r"(n)); return n; }'],
  ] as const)(`on a ${chip} %s is refused, with the name`, ([why, source], context) => {
    requireOrSkip(context, missingProgram("arm-none-eabi-gcc"), false)
    expect(build(source, chip, ...flags).bound("f")).toEqual({ unbounded: why, name: "f" })
  })
