import { basename } from "node:path"
import { type Problem, refuse, type Span } from "@open-brains/core/base/problem.ts"
import type { CodeDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Answered, Part, Value } from "@open-brains/core/run/part.ts"
import { checkValues, plainOf, sizeOf } from "@open-brains/core/run/values.ts"
import type { Reply, Setup, Unfit } from "./guest.ts"
import { keep } from "./keeper.ts"
import { unfitForm } from "./wasm_form.ts"

/** What a file may use when its `limits` do not say; those of the file itself nobody can raise. */
export const CODE_LIMITS = {
  latencyMs: 100,
  memoryBytes: 16 * 2 ** 20,
  outputBytes: 2 ** 20,
  javascriptBytes: 2 ** 20,
  wasmBytes: 16 * 2 ** 20,
  memoryBytesLeast: 1_000_000,
  memoryBytesMost: 2 ** 30,
} as const
/** Ticks for each millisecond of latency. One is 10000 jumps of loops and calls, mostly 0.1 to 0.5 ms: fuel ends first, if objects do not slow it. */
export const TICKS_PER_MS = 0.5
const OPEN_MS = 1000

export interface CodeOptions {
  /**
   * Others are to get the same answers on other machines: work is counted in ticks, and no clock decides. What takes longer than 30 s
   * is refused with OB768, and is no answer.
   */
  readonly isMeasured?: boolean
}
const MEASURED_MS = 30_000

/**
 * Opens a `code` module: a thread of its own, in which the file runs in a sandbox without any access to the outside. What it does
 * wrong later is nothing with the reason. After a cut-off, and after `reset`, its state is fresh; until then it stays from
 * question to question. Questions wait for one another.
 * Errors: OB660 no program; OB661 it fails before it is asked; OB662 no `answer`; OB663 a WebAssembly module that may not run
 * here; OB664 limits; OB665 too long.
 */
export async function openCode(
  declaration: CodeDeclaration,
  source: Uint8Array | string,
  { isMeasured = false }: CodeOptions = {},
): Promise<Part> {
  const { file, language, takes, gives, limits } = declaration
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source
  const latencyMs = limits.latencyMs ?? CODE_LIMITS.latencyMs
  const memoryBytes = limits.memoryBytes ?? CODE_LIMITS.memoryBytes
  const outputBytes = limits.outputBytes ?? CODE_LIMITS.outputBytes
  refuseLimits(declaration, latencyMs, memoryBytes)
  refuseLength(declaration, bytes)
  if (language === "wasm") {
    const unfit = unfitForm(bytes, memoryBytes)
    if (unfit !== undefined) refuse(misformed(declaration, unfit))
  }
  const fuel = Math.ceil(latencyMs * TICKS_PER_MS)
  const fuelToOpen = Math.max(fuel, OPEN_MS * TICKS_PER_MS)
  const setup: Setup = {
    ...{ language, source: bytes, takes, gives },
    limits: { memoryBytes, outputBytes, fuel, fuelToOpen },
  }
  const kept = await keep(setup)
  if ("unfit" in kept) return refuse(problemOf(declaration, kept, bytes))

  const ask = async (inputs: readonly Value[], withinMs: number): Promise<Answered> => {
    const reply: Reply = await kept.ask(inputs.map(plainOf), withinMs)
    if (isMeasured && "byMachine" in reply)
      return refuse({
        code: "OB768",
        seen: `${file} could not be run to an end here: ${reply.nothing}.`,
        hint: "Let it do less for an answer, or run it on a machine that has less to do.",
      })
    if ("nothing" in reply) return { nothing: inFile(reply.nothing, file) }
    const outputs = checkValues(reply.outputs, gives)
    if ("nothing" in outputs) return outputs
    const size = outputs.reduce((sum: number, value) => sum + sizeOf(value), 0)
    if (size > outputBytes)
      return { nothing: `its answer of ${size} bytes is longer than the ${outputBytes} that are allowed` }
    return outputs
  }
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => T | Promise<T>): Promise<T> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }
  return {
    ask: (inputs, cutoff) =>
      inTurn(() => ask(inputs, isMeasured ? MEASURED_MS : Math.min(latencyMs, cutoff?.withinMs ?? latencyMs))),
    reset: () => void inTurn(kept.refresh),
    close: () => kept.close(),
  }
}

/** Where a reason speaks of a line, it is one of this file. */
const inFile = (reason: string, file: string): string => reason.replace(/ \(line (\d+)\)$/, ` (${file}:$1)`)

function refuseLimits({ name, limits, language }: CodeDeclaration, latencyMs: number, memoryBytes: number): void {
  const { memoryBytesLeast: least, memoryBytesMost: most } = CODE_LIMITS
  if (memoryBytes > most || (memoryBytes < least && language === "javascript"))
    refuse({
      code: "OB664",
      seen: `\`${name}\` may use ${limits.memoryBytes} bytes of memory.`,
      hint: `Give it from ${least} to ${most} bytes: limits { memory 16 MB }`,
    })
  if (!(latencyMs > 0 && latencyMs <= 60_000))
    refuse({
      code: "OB664",
      seen: `\`${name}\` may take ${latencyMs} ms for an answer.`,
      hint: "Give it more than nothing and at most 60 s: limits { latency 100 ms }",
    })
}
function refuseLength({ file, language }: CodeDeclaration, bytes: Uint8Array): void {
  const most = language === "wasm" ? CODE_LIMITS.wasmBytes : CODE_LIMITS.javascriptBytes
  if (bytes.length > most)
    refuse({
      code: "OB665",
      seen: `${file} has ${bytes.length} bytes; at most ${most} are read of ${language}.`,
      hint: "Take out what it does not use.",
    })
}
const misformed = ({ file }: CodeDeclaration, why: string): Problem => ({
  code: "OB663",
  seen: `${file} may not run here: ${why}.`,
  hint: "Only core WebAssembly 2.0 without imports, with a maximum for its memory, is run.",
})

function problemOf({ file, language }: CodeDeclaration, unfit: Unfit, bytes: Uint8Array): Problem {
  const place = language === "javascript" ? spanOf(file, bytes, unfit.at) : {}
  const why = unfit.why.replace(/ \(line \d+\)$/, "").replace(/^it failed: /, "")
  switch (unfit.unfit) {
    case "no program":
      return { code: "OB660", seen: `${file} is no ${language}: ${why}.`, hint: noProgramHint(why, bytes), ...place }
    case "fails at once":
      return {
        code: "OB661",
        seen: `${file} cannot be used: ${why}.`,
        hint: "Outside of its functions it may only prepare what they need: without the outside, a clock or chance, and soon.",
        ...place,
      }
    case "has no answer":
      return {
        code: "OB662",
        seen: `${file} cannot be asked: ${why}.`,
        hint:
          language === "javascript"
            ? "Define it: function answer(message) { return message.length }"
            : "Export them: docs/manual/brains/parts.md has a whole example.",
      }
    default:
      return unfit.unfit satisfies never
  }
}
const noProgramHint = (why: string, bytes: Uint8Array): string =>
  /\b(?:import|export)\b/.test(new TextDecoder().decode(bytes.subarray(0, 4096))) && why.includes("SyntaxError")
    ? "It is run as a script, not as a module: no `import` or `export`; write function answer(message) { … }"
    : "Correct it there: it must be a whole program in that language."

function spanOf(file: string, bytes: Uint8Array, at: Unfit["at"]): { readonly span?: Span } {
  if (at === undefined) return {}
  const source = new TextDecoder().decode(bytes)
  const lines = source.split("\n")
  if (at.line < 1 || at.line > lines.length) return {}
  const before = lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0)
  const start = before + Math.min(at.column - 1, lines[at.line - 1]!.length)
  return { span: { file: basename(file), source, start, end: Math.min(start + 1, source.length) } }
}
