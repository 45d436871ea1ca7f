import { expect, test } from "vitest"
import { viewsOf } from "../../engine/engine.ts"
import { interpreterEngine } from "../../engine/interpreter.ts"
import { add, buffer, i32, let_, load, local, loop, mul, parallel, set, store } from "../../ir/build.ts"
import type { Memory } from "../../ir/interpret.ts"
import type { Program } from "../../ir/program.ts"
import { difference } from "../../ir/testing/difference.ts"
import { memoryFrom, programFrom, RUNS, SEED } from "../../ir/testing/hostile.ts"
import { phasesOf } from "../phases.ts"
import { emitWasm } from "./emit.ts"
import { CONTROL } from "./threads.ts"

const DUST = { phase: 0, share: 1, vector: 1 }
interface Made {
  readonly memory: Memory
  readonly run: () => void
  readonly work: () => number
  readonly words: Int32Array<ArrayBufferLike>
  readonly host: WebAssembly.Memory
}
/** A module for several threads, with what is to happen when it calls for help; beside another one in its memory. */
function made(program: Program, wake: () => void = () => {}, beside?: Made): Made {
  const { program: phased, phases } = phasesOf(program, DUST)
  const { bytes, starts, pages } = emitWasm(phased, { phases, number: beside ? 1 : 0 })
  const memory = beside?.host ?? new WebAssembly.Memory({ initial: pages, maximum: 2 * pages, shared: true })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory, wake } })
  const { run, work } = exports as unknown as Made
  return {
    memory: viewsOf(phased, memory.buffer, starts),
    run,
    work,
    words: new Int32Array(memory.buffer),
    host: memory,
  }
}
const fill = (memory: Memory, values: Memory): void => {
  for (const [name, array] of Object.entries(values)) memory[name]!.set(array)
}

test(`shared out, a program gives the judge's bits, whoever does the shares (SEED=${SEED})`, () => {
  const done = { alone: 0, helped: 0 }
  for (let n = 0; n < RUNS; n++) {
    const program = programFrom(SEED + n, 2)
    const values = memoryFrom(SEED + n, program, "input", "state")
    const judge = interpreterEngine.instantiate(program)
    fill(judge.memory, values)
    judge.run()
    const others: Made = made(program, () => {
      done.helped += others.work() // another thread, as if it were faster every time
    })
    const [nobody, late] = [made(program), made(program)]
    for (const each of [nobody, late, others]) fill(each.memory, values)
    for (const each of [late, others]) each.words[CONTROL.help / 4] = 1
    for (const each of [nobody, late, others]) {
      each.run()
      expect(difference(judge.memory, each.memory)).toBeUndefined()
    }
    done.alone += late.work()
  }
  expect(done.helped).toBeGreaterThan(RUNS)
  expect(done.alone).toBe(0) // nothing is left when a run has ended
})

const [x, y] = [buffer("input", "f32", "x", 64), buffer("state", "f32", "y", 448)]
const [time, row, lane, bias, scale] = [
  local("time"),
  local("row"),
  local("lane"),
  local("bias"),
  local("scale", "f32"),
]
const place = add(mul(row, i32(8)), lane)
const sum = add(mul(load(y, place), scale), load(x, add(time, bias)))
/** The rounds of the phase read three locals from around it, which change from time to time. */
const rows: Program = {
  ...{ name: "rows", buffers: [x, y] },
  body: [
    ...[let_(bias, i32(3)), let_(scale, load(x, i32(5)))],
    loop(time, 4, [
      parallel(row, 56, [parallel(lane, 8, [store(y, place, sum)])]),
      ...[set(bias, i32(9)), set(scale, load(x, add(time, i32(20))))],
    ]),
  ],
}

test("locals from around a phase reach whoever does its rounds", () => {
  const judge = interpreterEngine.instantiate(rows)
  const others: Made = made(rows, () => void others.work())
  const [nobody, late] = [made(rows), made(rows)]
  for (const each of [late, others]) each.words[CONTROL.help / 4] = 1
  for (const each of [judge, nobody, late, others]) {
    fill(each.memory, { x: Float32Array.from({ length: 64 }, (_, n) => Math.sin(n)) })
    each.run()
    expect(difference(judge.memory, each.memory)).toBeUndefined()
  }
})

/** Takes the next share, and leaves it undone. */
const takeOne = (words: Int32Array<ArrayBufferLike>): void => {
  Atomics.add(new BigInt64Array(words.buffer), CONTROL.claim / 8, BigInt(words[CONTROL.step / 4]!))
}

test("a share that was taken and is then lost ends the run: it is not waited for in vain, nor done twice", () => {
  const late: Made = made(rows, () => {
    takeOne(late.words)
    late.words[CONTROL.failed / 4] = 1
  })
  late.words[CONTROL.help / 4] = 1
  expect(late.run).toThrow(WebAssembly.RuntimeError)
})

test("a share that another thread has done counts as done", () => {
  const shares = { left: 0 }
  const others: Made = made(rows, () => {
    takeOne(others.words)
    Atomics.add(others.words, CONTROL.done / 4, others.words[CONTROL.step / 4]!) // as if it had been done at once
    shares.left++
  })
  others.words[CONTROL.help / 4] = 1
  others.run()
  expect([shares.left, others.words[CONTROL.done / 4]]).toEqual([4, 56])
})

test("whoever helps another program of the memory leaves the shares of this one alone", () => {
  const other = made({ ...rows, body: [parallel(row, 56, [parallel(lane, 8, [store(y, place, load(x, i32(0)))])])] })
  const tries: number[] = []
  const own: Made = made(rows, () => void tries.push(other.work(), own.work()), other)
  const judge = interpreterEngine.instantiate(rows)
  own.words[CONTROL.help / 4] = 1
  for (const each of [judge, own]) {
    fill(each.memory, { x: Float32Array.from({ length: 64 }, (_, n) => Math.sin(n)) })
    each.run()
  }
  expect(difference(judge.memory, own.memory)).toBeUndefined()
  expect(tries.filter((_, i) => i % 2 === 0)).toEqual([0, 0, 0, 0])
})
