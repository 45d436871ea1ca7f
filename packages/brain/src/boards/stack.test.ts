import { afterAll, beforeAll, expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { readElf } from "./elf.ts"
import { programStack, type StackBound, stackOf } from "./stack.ts"
import { type AvrBench, missingAvrCompiler, openAvrBench } from "./testing/avr.ts"
import { elfOf } from "./testing/elf.ts"

let bench: AvrBench
beforeAll(() => {
  bench = openAvrBench()
})
afterAll(() => bench[Symbol.dispose]())

const HEAD = `#include <stdint.h>
#include <string.h>
#define APART __attribute__((noinline, noclone))
volatile uint8_t seen; void *volatile kept; void (*volatile pointer)(void);
`
/** The bound of `f` in a program, on an Uno. */
function boundIn(source: string, flags: readonly string[] = ["-O2"], board: "uno" | "mega" = "uno"): StackBound {
  const { elf, path } = bench.compile(`${HEAD}${source}\nint main(void) { f(seen); return 0; }`, board, ...flags)
  return stackOf(readElf(elf, path), "f")
}

test.for([
  ["recursion", "APART uint8_t f(uint8_t n) { return n < 2 ? n : f(n - 1) + f(n - 2); }", "f"],
  [
    "recursion",
    "uint8_t f(uint8_t n); APART uint8_t g(uint8_t n) { uint8_t x = n ? f(n - 1) : 0; seen = x; return x; } APART uint8_t f(uint8_t n) { uint8_t x = g(n); seen = x; return x + 1; }",
    "f",
  ],
  ["indirect call", "APART void g(void) { pointer(); seen = 1; } APART void f(uint8_t n) { g(); seen = n; }", "g"],
  ["computed jump", 'APART void f(uint8_t n) { __asm__ volatile("ijmp" :: "z"(pointer)); seen = n; }', "f"],
  ["variable frame", "APART void f(uint8_t n) { char x[n]; kept = x; memset(x, 1, n); seen = x[n / 2]; }", "f"],
  ["variable frame", 'APART void f(uint8_t n) { while (n--) __asm__ volatile("push r0"); }', "f"],
  ["variable frame", "APART void f(uint8_t n) { *(volatile uint8_t *)0x5d = n; seen = n; }", "f"],
] as const)("%s is refused, with the name", ([why, source, name], context) => {
  requireOrSkip(context, missingAvrCompiler())
  expect(boundIn(source)).toEqual({ unbounded: why, name })
})

test("frames, saved registers and return addresses are counted, each path by itself", (context) => {
  requireOrSkip(context, missingAvrCompiler())
  const leaf = "APART void f(uint8_t n) { seen = n; }"
  expect(boundIn(leaf)).toEqual({ bytes: 2, path: ["f"] })
  expect(boundIn(leaf, ["-Os"], "mega")).toEqual({ bytes: 3, path: ["f"] })
  // 2 return, 2 for r28 and r29, the room; the deeper of two calls counts.
  const room = (bytes: number): string => `APART void g${bytes}(void) { char x[${bytes}]; kept = x; }`
  const two = `${room(5)} ${room(300)} APART void f(uint8_t n) { if (n) g5(); else g300(); seen = n; }`
  const bound = boundIn(two)
  expect(bound).toMatchObject({ path: ["f", "g300"] })
  expect("bytes" in bound && bound.bytes).toBeGreaterThanOrEqual(2 + 2 + 2 + 300)
  expect("bytes" in bound && bound.bytes).toBeLessThan(2 + 2 + 2 + 300 + 8)
})

test("a frame pointer that moves and comes back on one of two ways is still known where they meet", (context) => {
  requireOrSkip(context, missingAvrCompiler())
  const moves = "subi r28,0x65\\n sbci r29,0xff\\n subi r28,0x9b\\n sbci r29,0" // 155 up, and 155 down
  const frame = "in r0,0x3f\\n cli\\n out 0x3e,r29\\n out 0x3f,r0\\n out 0x3d,r28"
  const source = `APART void f(uint8_t n) { __asm__ volatile("push r28\\n push r29\\n in r28,0x3d\\n in r29,0x3e\\n sbiw r28,20\\n ${frame}\\n cpse %0,r1\\n rjmp 1f\\n ${moves}\\n 1: adiw r28,20\\n ${frame}\\n pop r29\\n pop r28" :: "r"(n) : "r0"); seen = n; }`
  expect(boundIn(source)).toEqual({ bytes: 2 + 2 + 20, path: ["f"] })
})

test("a function that is only jumped to uses its caller's return address", (context) => {
  requireOrSkip(context, missingAvrCompiler())
  const source = "APART void g(uint8_t n) { seen = n; } APART void f(uint8_t n) { g(n + 1); }"
  expect(boundIn(source, ["-O2", "-foptimize-sibling-calls"])).toEqual({ bytes: 2, path: ["f"] })
})

test("the shared prologue of -mcall-prologues is followed through its computed jump", (context) => {
  requireOrSkip(context, missingAvrCompiler())
  const source = `APART uint32_t g(uint32_t a, uint32_t b) { return a / b + seen; }
APART uint32_t f(uint32_t n) { char x[20]; kept = x; uint32_t a = n, b = n + 1, c = n + 2; a += g(b, c); b += g(a, c); c += g(a, b); memset(x, a, 20); return a + b * c + x[n & 15]; }`
  const [plain, shared] = [boundIn(source, ["-Os"]), boundIn(source, ["-Os", "-mcall-prologues"])]
  expect("bytes" in plain && "bytes" in shared && shared.bytes >= plain.bytes).toBe(true)
})

test("interrupts come on top of a program; one that lets others in has no bound", (context) => {
  requireOrSkip(context, missingAvrCompiler())
  const program = (attribute: string): StackBound => {
    const source = `#include <avr/interrupt.h>
${HEAD}ISR(TIMER0_OVF_vect${attribute}) { char x[30]; kept = x; } APART void f(uint8_t n) { char x[50]; kept = x; seen = n; }
int main(void) { TIMSK0 = 1; sei(); f(seen); for (;;) {} }`
    const { elf, path } = bench.compile(source, "uno", "-O2")
    return programStack(readElf(elf, path))
  }
  const bound = program("")
  expect(bound).toMatchObject({ path: ["main", "f", "__vector_16"] })
  expect("bytes" in bound && bound.bytes).toBeGreaterThan(2 + 2 + 52 + 30)
  expect(program(", ISR_NOBLOCK")).toEqual({ unbounded: "nested interrupts", name: "__vector_16" })
})

test("a name that is not there, and code that runs out, have no bound", () => {
  const text = { name: ".text", address: 0, flags: 6, bytes: Uint8Array.of(0, 0, 0, 0) }
  const symbols = [{ name: "f", address: 2, size: 2, kind: 2, section: ".text" }]
  const elf = readElf(elfOf({ machine: 83, flags: 5, sections: [text], segments: [], symbols }), "a.elf")
  expect(stackOf(elf, "g")).toEqual({ unbounded: "no such function", name: "g" })
  expect(stackOf(elf, "f")).toMatchObject({ unbounded: "unknown instruction" })
})
