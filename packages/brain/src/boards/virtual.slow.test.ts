import { afterAll, beforeAll, expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { AVR_BOARDS } from "./avr.ts"
import { readElf } from "./elf.ts"
import { readFirmware } from "./firmware.ts"
import { programStack } from "./stack.ts"
import { arithmetic } from "./testing/arithmetic.ts"
import { type AvrBench, BUILDS, missingSimavr, openAvrBench } from "./testing/avr.ts"
import { FAR_PROGRAM, PROGRAMS } from "./testing/programs.ts"
import { openVirtualBoard, type VirtualBoard } from "./virtual.ts"

let bench: AvrBench
beforeAll(() => {
  bench = openAvrBench()
})
afterAll(() => bench[Symbol.dispose]())

const CYCLES_MAX = 200e6
/** Cycles between the marks `n` and `0x80 + n`, in the order of the latter. */
function spans(marks: readonly (readonly [number, number])[]): readonly number[] {
  const begun = new Map<number, number>()
  return marks.flatMap(([value, cycle]) => {
    if (value < 0x80) begun.set(value, cycle)
    return value < 0x80 ? [] : [cycle - begun.get(value - 0x80)!]
  })
}
const spansOf = (board: VirtualBoard): readonly number[] => spans(board.marks.map(({ value, cycle }) => [value, cycle]))

/** Of the same program the two take an interrupt some cycles apart. */
const INTERRUPTED = ["ticking"]
for (const [name, source] of Object.entries(PROGRAMS))
  for (const [board, level] of BUILDS)
    test(`${name} on ${board}, ${level}: the cycles and the stack of simavr, and a bound close above`, (context) => {
      requireOrSkip(context, missingSimavr())
      const { elf, path } = bench.compile(source, board, level)
      const opened = openVirtualBoard(AVR_BOARDS[board], readFirmware(elf, path, AVR_BOARDS[board]))
      expect(opened.runUntil(() => false, CYCLES_MAX)).toBe("asleep")
      const judged = bench.judge(path, board)
      expect(judged.ended).toBe(true)
      expect(spansOf(opened)).toHaveLength(1)
      if (!INTERRUPTED.includes(name)) expect(spansOf(opened)).toEqual(spans(judged.marks))
      expect(opened.stackUsed).toBe(judged.stack)
      expect(opened.stackPainted).toBeLessThanOrEqual(opened.stackUsed)
      expect(opened.stackPainted).toBeGreaterThan(opened.stackUsed - 32)
      const bound = programStack(readElf(elf, path))
      if ("unbounded" in bound) throw new Error(`${bound.unbounded}: ${bound.name}`)
      expect(bound.bytes).toBeGreaterThanOrEqual(opened.stackUsed)
      expect(bound.bytes).toBeLessThanOrEqual(opened.stackUsed + 64)
    })

test("a Mega reads beyond 64 KB by ELPM, across pages, in the cycles of simavr", (context) => {
  requireOrSkip(context, missingSimavr())
  const { elf, path } = bench.compile(FAR_PROGRAM, "mega", "-O2")
  const opened = openVirtualBoard(AVR_BOARDS.mega, readFirmware(elf, path, AVR_BOARDS.mega))
  expect(opened.runUntil(() => false, CYCLES_MAX)).toBe("asleep")
  const judged = bench.judge(path, "mega")
  expect([...opened.output()]).toEqual(judged.output)
  expect(spansOf(opened)).toEqual(spans(judged.marks))
  const [macro, run, runAcross, macroAcross, far] = new Uint32Array(opened.output().buffer)
  expect([run, macroAcross]).toEqual([macro, runAcross])
  expect(runAcross).not.toBe(0)
  expect(far).toBeGreaterThan(0x10000)
})

const SEED = 20_261_127
for (const board of ["uno", "mega"] as const)
  test(`random arithmetic on ${board}: the flags and results of simavr, and its cycles (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missingSimavr())
    let state = SEED
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let round = 0; round < 8; round++) {
      const { elf, path } = bench.compile(arithmetic(500, draw), board, "-O2")
      const opened = openVirtualBoard(AVR_BOARDS[board], readFirmware(elf, path, AVR_BOARDS[board]))
      expect(opened.runUntil(() => false, CYCLES_MAX)).toBe("asleep")
      const judged = bench.judge(path, board)
      expect(judged.output).toHaveLength(1500)
      // avr8js takes the half carry, which no compiler asks for, of another bit.
      const flagged = (bytes: readonly number[]): readonly number[] =>
        bytes.map((byte, i) => (i % 3 === 0 ? byte & ~0x20 : byte))
      expect(flagged([...opened.output()])).toEqual(flagged(judged.output))
      expect(spansOf(opened)).toEqual(spans(judged.marks))
    }
  })
