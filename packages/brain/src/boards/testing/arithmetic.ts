/** A program of random arithmetic that keeps the flags and the result of every instruction, and prints them all. */
const MNEMONICS = {
  pair: ["add", "adc", "sub", "sbc", "and", "or", "eor", "cp", "cpc", "mov", "mul"],
  upper: ["muls"],
  few: ["mulsu", "fmul", "fmuls", "fmulsu"],
  one: ["com", "neg", "inc", "dec", "asr", "lsr", "ror", "swap", "lsl", "rol", "tst"],
  immediate: ["subi", "sbci", "andi", "ori", "cpi", "ldi"],
  word: ["adiw", "sbiw"],
} as const
const EDGES = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff]

/** `draw(n)` gives a whole number under n. r29 keeps the flags, and r30 and r31 point to where results go. */
export function arithmetic(instructions: number, draw: (below: number) => number): string {
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!
  const value = (): number => (draw(2) === 0 ? pick(EDGES) : draw(256))
  const lines: string[] = []
  for (let register = 16; register < 29; register++) lines.push(`ldi r${register}, ${value()}`)
  for (let register = 0; register < 16; register++) lines.push(`ldi r28, ${value()}`, `mov r${register}, r28`)
  lines.push("ldi r30, lo8(results)", "ldi r31, hi8(results)")
  for (let i = 0; i < instructions; i++) {
    // Flags of any kind before it, interrupts off; now and then a value of the edge.
    const high = 16 + draw(13)
    if (draw(4) === 0) lines.push(`ldi r29, ${draw(128)}`, "out 0x3f, r29")
    if (draw(3) === 0) lines.push(`ldi r${high}, ${value()}`)
    const [line, to] = instruction(high)
    lines.push(line, "in r29, 0x3f", "st Z+, r29", `st Z+, r${to}`)
    if (/mul/.test(line)) lines.push("st Z+, r1")
    else lines.push(`st Z+, r${Math.min(to + 1, 28)}`)
  }
  return program(lines, 3 * instructions)

  function instruction(high: number): readonly [line: string, to: number] {
    const kind = pick(Object.keys(MNEMONICS) as (keyof typeof MNEMONICS)[])
    const name = pick<string>(MNEMONICS[kind])
    const isProduct = /mul/.test(name)
    switch (kind) {
      case "pair": {
        const to = draw(2) === 0 ? high : draw(29)
        return [`${name} r${to}, r${draw(29)}`, isProduct ? 0 : to]
      }
      case "upper":
        return [`${name} r${high}, r${16 + draw(13)}`, 0]
      case "few":
        return [`${name} r${16 + draw(8)}, r${16 + draw(8)}`, 0]
      case "one": {
        const to = draw(2) === 0 ? high : draw(29)
        return [`${name} r${to}`, to]
      }
      case "immediate":
        return [`${name} r${high}, ${value()}`, high]
      case "word": {
        const to = pick([24, 26])
        return [`${name} r${to}, ${draw(64)}`, to]
      }
    }
    return kind satisfies never
  }
}

const program = (lines: readonly string[], bytes: number): string => `#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <stdint.h>
uint8_t results[${bytes}];
__attribute__((naked, noinline)) void run(void) {
  __asm__ volatile(
${[...lines, "clr r1", "ldi r29, 0", "out 0x3f, r29", "ret"].map((line) => `    "${line}\\n"`).join("\n")}
  );
}
int main(void) {
  GPIOR0 = 1;
  __asm__ volatile("push r28\\n push r29\\n call run\\n pop r29\\n pop r28\\n" ::: "r0", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11",
    "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r30", "r31", "memory");
  GPIOR0 = 0x81;
  UCSR0A = 1 << U2X0; UBRR0 = 0; UCSR0B = 1 << TXEN0;
  for (uint16_t i = 0; i < ${bytes}; i++) { while (!(UCSR0A & (1 << UDRE0))) {} UDR0 = results[i]; }
  for (uint16_t i = 0; i < 4000; i++) __asm__ volatile("nop");
  cli(); sleep_enable(); sleep_cpu();
  for (;;) {}
}
`
