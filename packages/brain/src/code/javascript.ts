import typedAsCommonJs from "@jitl/quickjs-wasmfile-release-sync"
import type { PortType } from "@open-brains/core/composition/types.ts"
import {
  DefaultIntrinsics,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core"
import { BRIDGE } from "./bridge.ts"
import type { Failure, Guest, Reply, Setup, Unfit } from "./guest.ts"

/** Its types describe the CommonJS edition, in which the variant is a member. */
const variant = typedAsCommonJs as unknown as QuickJSSyncVariant
const PAGE = 65536
/** What QuickJS begins with: its data, its stack and the room that its allocator starts from. */
const OWN_PAGES = 256
const STACK_BYTES = 256 * 1024
const FILE = "code.js"
/** Of the wall clock, while the file itself is run. */
const OPEN_MS = 2000

/** Why it was interrupted: the code used up its ticks, which is the same everywhere, or its time, which is not. */
type Cut = "fuel" | "time"

/** QuickJS in a WebAssembly memory of its own, with a file of somebody's JavaScript in it. */
export async function openJavaScript(setup: Setup, engine: WebAssembly.Module): Promise<Guest | Unfit> {
  const { limits } = setup
  const maximum = OWN_PAGES + Math.ceil(limits.memoryBytes / PAGE)
  const wasmMemory = new WebAssembly.Memory({ initial: OWN_PAGES, maximum })
  const quick = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmModule: engine, wasmMemory }))
  const runtime = quick.newRuntime()
  runtime.setMemoryLimit(limits.memoryBytes)
  runtime.setMaxStackSize(STACK_BYTES)
  const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } })

  let [fuel, deadline, cut] = [0, 0, undefined as Cut | undefined]
  runtime.setInterruptHandler(() => {
    if (cut === undefined && --fuel < 0) cut = "fuel"
    if (cut === undefined && performance.now() > deadline) cut = "time"
    return cut !== undefined
  })
  const within = (ticks: number, ms: number): void => {
    ;[fuel, deadline, cut] = [ticks, performance.now() + ms, undefined]
  }
  const stopped = (withinMs: number): string =>
    cut === "fuel"
      ? `it took more than ${limits.fuel} ticks of work; a tick is 10000 jumps of loops and calls`
      : `it took longer than ${withinMs} ms`

  within(Number.POSITIVE_INFINITY, OPEN_MS)
  const bridge = context.unwrapResult(context.evalCode(BRIDGE, "bridge.js", { type: "global" }))
  const [askHandle, bufferHandle, failedHandle, parseHandle] = ["ask", "buffer", "failed", "types"].map((name) =>
    context.getProp(bridge, name),
  ) as [QuickJSHandle, QuickJSHandle, QuickJSHandle, QuickJSHandle]
  const ports = context.newString(JSON.stringify({ takes: setup.takes, gives: setup.gives }))
  const types = context.unwrapResult(context.callFunction(parseHandle, context.undefined, ports))

  within(limits.fuelToOpen, OPEN_MS)
  const text = new TextDecoder().decode(setup.source)
  const evaluated = context.evalCode(text, FILE, { type: "global" })
  if (evaluated.error) {
    const isOver = cut !== undefined
    within(limits.fuelToOpen, OPEN_MS)
    if (isOver) return { unfit: "fails at once", why: "what it does before it is asked does not come to an end" }
    const told = tellOf(textOf(context, failedHandle, [evaluated.error]) ?? "#")
    return { unfit: told.isSyntax ? "no program" : "fails at once", why: told.why, ...(told.at ? { at: told.at } : {}) }
  }
  const found = context.evalCode("typeof answer === 'function' ? answer : undefined", "bridge.js", { type: "global" })
  if (found.error || context.typeof(found.value) !== "function")
    return { unfit: "has no answer", why: "it defines no function `answer`" }
  const answer = found.value
  const spoilt = (nothing: string): Failure => ({ nothing, spoilt: true })
  const cutOff = (withinMs: number): Failure =>
    cut === "time" ? { ...spoilt(stopped(withinMs)), byMachine: true } : spoilt(stopped(withinMs))

  return {
    ask(inputs, withinMs): Reply {
      const buffers: Uint8Array[] = []
      const nodes = inputs.map((input, i) => nodeOf(input, setup.takes[i]!.type, buffers))
      within(limits.fuel, withinMs)
      try {
        const args = [
          context.newString(JSON.stringify(nodes)),
          ...buffers.map((bytes) => context.newArrayBuffer(exact(bytes))),
        ]
        const told = textOf(context, askHandle, [types, answer, ...args])
        for (const handle of args) handle.dispose()
        if (cut !== undefined) return cutOff(withinMs)
        if (told === undefined) return spoilt("it failed so that it cannot say why")
        if (told.startsWith("#")) return spoilt(exhausted(told, limits.memoryBytes))
        if (told.startsWith("!")) return { nothing: tellOf(told).why }
        return { outputs: outputsOf(JSON.parse(told.slice(1)) as Record<string, unknown>) }
      } catch (error) {
        // The stack of the host or the memory of the sandbox is exhausted: what is in it cannot be relied on.
        return cut === undefined ? spoilt(`it broke its sandbox down: ${error}`) : cutOff(withinMs)
      }
    },
  }

  function outputsOf(made: Readonly<Record<string, unknown>>): readonly unknown[] {
    let next = 0
    const restored = (type: PortType, node: unknown): unknown => {
      if (type.type === "record") {
        const fields = node as Record<string, unknown>
        return Object.fromEntries(type.fields.map(({ name, type: of }) => [name, restored(of, fields[name])]))
      }
      if (type.type !== "vector" && type.type !== "bytes") return node
      const handle = context.unwrapResult(
        context.callFunction(bufferHandle, context.undefined, context.newNumber(next++)),
      )
      const held = context.getArrayBuffer(handle)
      const bytes = held.value.slice()
      held.dispose()
      handle.dispose()
      return type.type === "bytes" ? bytes : new Float32Array(bytes.buffer)
    }
    return setup.gives.map(({ type }, i) => restored(type, made[i]))
  }
}

/** What a function of the bridge gives, if it is a text; anything else, and a failure, is undefined. */
function textOf(context: QuickJSContext, called: QuickJSHandle, args: readonly QuickJSHandle[]): string | undefined {
  const result = context.callFunction(called, context.undefined, [...args])
  const handle = result.error ?? result.value
  const text = result.error === undefined && context.typeof(handle) === "string" ? context.getString(handle) : undefined
  handle.dispose()
  return text
}

/** A plain value as JSON, with the contents of vectors and bytes set apart. */
function nodeOf(plain: unknown, type: PortType, buffers: Uint8Array[]): unknown {
  if (type.type === "record") {
    const fields = plain as Record<string, unknown>
    return Object.fromEntries(type.fields.map(({ name, type: of }) => [name, nodeOf(fields[name], of, buffers)]))
  }
  if (type.type !== "vector" && type.type !== "bytes") return plain
  const { buffer, byteOffset, byteLength } = plain as Uint8Array | Float32Array
  buffers.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
  return null
}
const exact = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer

/** QuickJS throws null when there is no memory left to say so; so may the code. */
const exhausted = (told: string, memoryBytes: number): string =>
  told === "#null"
    ? "it threw null, as happens when it runs out of memory"
    : `it needs more than the ${memoryBytes} bytes of memory that it may have`

interface Told {
  readonly why: string
  readonly isSyntax: boolean
  readonly at?: { readonly line: number; readonly column: number }
}
/** What the bridge says of a failure, with its place in the file. The code may have made up all of it but the length. */
function tellOf(told: string): Told {
  if (!told.startsWith("!")) return { why: "it needs more memory than it may have", isSyntax: false }
  const { wrong, name, message, stack } = JSON.parse(told.slice(1)) as Readonly<Record<string, string | undefined>>
  if (wrong !== undefined) return { why: `it gave ${wrong}`, isSyntax: false }
  const [, line, column] = /code\.js:(\d{1,9}):(\d{1,9})/.exec(stack ?? "") ?? []
  const what = [name, message].filter((word) => word !== undefined && word !== "").join(": ")
  const at = line === undefined ? {} : { at: { line: Number(line), column: Number(column) } }
  const where = line === undefined ? "" : ` (line ${line})`
  return { why: `it failed: ${what || "it threw an object"}${where}`, isSyntax: name === "SyntaxError", ...at }
}
