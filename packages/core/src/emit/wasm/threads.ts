import { MAILBOX_LOCALS } from "../phases.ts"
import { type Bytes, unsigned } from "./binary.ts"
import type { Functions } from "./functions.ts"
import * as op from "./opcode.ts"

/**
 * Sharing out the rounds of a loop among threads that have one memory. One thread runs the program; at a phase it says
 * what is to be done and takes shares of it like all others, so that it gets on alone when nobody comes: a thread that
 * is late, busy elsewhere or gone costs nothing. It then waits for the shares that others have taken.
 *
 * A claim is the number of the phase (high) and the round up to which shares are taken (low), in one word that changes
 * by compare-and-exchange: whoever wins a share knows that its phase, and so what stands beside it, has not ended.
 * What belongs to a phase is only written while the claim is closed. Everything here is sequentially consistent.
 * Source: WebAssembly threads proposal, sections "Atomic memory accesses", "Wait and notify operators".
 */
export const CONTROL = {
  claim: 0,
  done: 64,
  waiting: 68,
  phase: 128,
  rounds: 132,
  step: 136,
  /** Whose phase it is, of the programs in this memory. */
  program: 140,
  /** Not 0: others are there to help. The host's to set. */
  help: 192,
  /** Not 0: another thread came to grief within a share, so that the memory is spoilt. The host's to set. */
  failed: 196,
  /** Locals that the rounds of a phase read, four bytes each. */
  mailbox: 256,
} as const

/** Size of all that. The same for all programs, so that several can have one memory. */
export const CONTROL_BYTES = CONTROL.mailbox + 4 * MAILBOX_LOCALS

/** Shares of a phase at most. */
const SHARES_LOG2 = 5
/** Looks at a word before sleeping: some 30 microseconds, about what it takes to wake. */
const SPINS = 1 << 14
const NAP_NANOSECONDS = 1e9
/** Then a share is lost. */
const NAPS_MAX = 300
const TIMED_OUT = 2

export interface Sharing {
  /** Function (phase, rounds, least share) → (): all rounds of a phase, by whoever is there. */
  readonly share: number
  /** Function () → i32: helps until there has been nothing to do for a while, with how many shares. */
  readonly help: number
  /** Function () → i32: how many shares it found to do. */
  readonly work: number
  readonly wakeType: number
}

const get = (local: number): Bytes => [op.local_get, local]
const set = (local: number): Bytes => [op.local_set, local]
const constI64 = (value: bigint): Bytes => {
  const bytes: number[] = []
  for (; value >= 64n; value >>= 7n) bytes.push(Number(value & 127n) | 128)
  return [op.i64_const, ...bytes, Number(value)]
}
const read = (place: number): Bytes => [op.constI32(0), op.i32_atomic_load, 2, unsigned(place)]
const write = (place: number, value: Bytes): Bytes => [op.constI32(0), value, op.i32_atomic_store, 2, unsigned(place)]
const readClaim: Bytes = [op.constI32(0), op.i64_atomic_load, 3, unsigned(CONTROL.claim)]
const writeClaim = (value: Bytes): Bytes => [op.constI32(0), value, op.i64_atomic_store, 3, unsigned(CONTROL.claim)]
const when = (condition: Bytes, yes: Bytes): Bytes => [condition, op.if_, op.NO_RESULT, yes, op.end]
const forever = (body: Bytes): Bytes => [op.loop, op.NO_RESULT, body, op.br, 0, op.end, op.unreachable]

/** Calls the function of a phase: its rounds from … to - 1. The phases are the module's only table. */
const callPhase = (functions: Functions, from: Bytes, to: Bytes, phase: Bytes): Bytes => {
  const type = functions.typeOf({ parameters: ["i32", "i32"], results: [] })
  return [from, to, phase, op.call_indirect, unsigned(type), 0]
}

/** `wake`: the imported function () → () that calls those who sleep. `program`: a number of its own in the memory. */
export function defineSharing(functions: Functions, wake: number, program: number): Sharing {
  const wakeType = functions.typeOf({ parameters: [], results: [] })
  const work = defineWork(functions, program)
  const share = defineShare(functions, wake, work, program)
  const [left, found, all] = [0, 1, 2]
  const again = [op.constI32(SPINS), set(left)]
  const count = [get(all), get(found), op.i32_add, set(all)]
  const isIdle = [get(left), op.constI32(1), op.i32_sub, op.local_tee, left, op.i32_eqz]
  const look = [op.call, unsigned(work), op.local_tee, found]
  const spin = [look, op.if_, op.NO_RESULT, count, again, op.else_, when(isIdle, [get(all), op.return_]), op.end]
  const locals = ["i32", "i32", "i32"] as const
  const help = functions.define({ parameters: [], results: ["i32"] }, locals, [again, forever(spin)])
  return { share, help, work, wakeType }
}

/** Takes and does shares of the present phase for as long as there are some. */
function defineWork(functions: Functions, program: number): number {
  const [claim, from, to, shares] = [0, 1, 2, 3]
  const look = [readClaim, op.local_tee, claim, op.i32_wrap_i64, set(from)]
  const isTaken = [get(from), read(CONTROL.rounds), op.i32_ge_u]
  const isOthers = [read(CONTROL.program), op.constI32(program), op.i32_sub] // who helps may be late to hear of another
  const next = [get(claim), read(CONTROL.step), op.i64_extend_i32_u, op.i64_add]
  const exchange = [op.constI32(0), get(claim), next, op.i64_atomic_cmpxchg, 3, unsigned(CONTROL.claim)]
  const isLost = [exchange, get(claim), op.i64_ne]
  const end = [read(CONTROL.step), get(from), op.i32_add, op.local_tee, to, read(CONTROL.rounds)]
  const clip = when([end, op.i32_gt_u], [read(CONTROL.rounds), set(to)])
  const finished = [get(to), get(from), op.i32_sub]
  const report = [op.constI32(0), finished, op.i32_atomic_add, 2, unsigned(CONTROL.done), op.drop]
  const notify = [op.constI32(0), op.constI32(1), op.atomic_notify, 2, unsigned(CONTROL.done), op.drop]
  const body = [
    look,
    when([isTaken, isOthers, op.i32_or], [get(shares), op.return_]),
    [isLost, op.br_if, 0],
    clip,
    callPhase(functions, get(from), get(to), read(CONTROL.phase)),
    report,
    when(read(CONTROL.waiting), notify),
    [get(shares), op.constI32(1), op.i32_add, set(shares)],
  ]
  return functions.define({ parameters: [], results: ["i32"] }, ["i64", "i32", "i32", "i32"], forever(body))
}

function defineShare(functions: Functions, wake: number, work: number, program: number): number {
  const [phase, rounds, step, n, naps, epoch] = [0, 1, 2, 3, 4, 5]
  const isAlone = [read(CONTROL.help), op.i32_eqz, get(rounds), get(step), op.i32_le_s, op.i32_or]
  const isSome = [op.constI32(0), get(rounds), op.i32_lt_s]
  const alone = [when(isSome, callPhase(functions, op.constI32(0), get(rounds), get(phase))), op.return_]
  const shares = 2 ** SHARES_LOG2
  const even = [get(rounds), op.constI32(shares - 1), op.i32_add, op.constI32(SHARES_LOG2), op.i32_shr_u]
  const larger = [even, op.local_tee, n, get(step), get(n), get(step), op.i32_gt_u, op.select, set(step)]
  const nextEpoch = [readClaim, constI64(32n), op.i64_shr_u, constI64(1n), op.i64_add, constI64(32n), op.i64_shl]
  const publish = [
    [nextEpoch, set(epoch)],
    writeClaim([get(epoch), constI64(0xffffffffn), op.i64_or]), // closed
    write(CONTROL.phase, get(phase)),
    write(CONTROL.rounds, get(rounds)),
    write(CONTROL.step, get(step)),
    write(CONTROL.program, op.constI32(program)),
    write(CONTROL.done, op.constI32(0)),
    writeClaim(get(epoch)),
  ]
  const isDone = [read(CONTROL.done), op.local_tee, n, get(rounds), op.i32_eq]
  const countDown = [get(naps), op.constI32(1), op.i32_sub, op.local_tee, naps]
  const spin = [op.loop, op.NO_RESULT, when(isDone, [op.return_]), countDown, op.br_if, 0, op.end]
  const wait = [op.constI32(0), get(n), constI64(BigInt(NAP_NANOSECONDS)), op.atomic_wait32, 2, unsigned(CONTROL.done)]
  const isLost = [get(naps), op.constI32(1), op.i32_add, op.local_tee, naps, op.constI32(NAPS_MAX), op.i32_eq]
  const sleep = [
    when(isDone, [write(CONTROL.waiting, op.constI32(0)), op.return_]),
    when(read(CONTROL.failed), [op.unreachable]),
    when([wait, op.constI32(TIMED_OUT), op.i32_eq], when(isLost, [op.unreachable])),
  ]
  return functions.define(
    { parameters: ["i32", "i32", "i32"], results: [] },
    ["i32", "i32", "i64"],
    [
      when(isAlone, alone),
      larger,
      publish,
      [op.call, unsigned(wake), op.call, unsigned(work), op.drop],
      [op.constI32(SPINS), set(naps), spin],
      write(CONTROL.waiting, op.constI32(1)),
      forever(sleep),
    ],
  )
}
