import type { Json } from "@open-brains/core/base/json.ts"
import type { Port } from "@open-brains/core/composition/types.ts"
import { jsonOf, type Plain, plainFromJson } from "@open-brains/core/run/values.ts"
import type { Guest, Reply, Setup, Unfit } from "./guest.ts"

/**
 * The contract: `memory`; `input(bytes)` gives the place for so many bytes of input; `ask(bytes)` gives how many bytes the answer has,
 * or a negative number when there is none; `output()` where they begin. `wasm_form.ts` has let the module pass before.
 */
interface Exports {
  readonly memory: WebAssembly.Memory
  input(bytes: number): number
  ask(bytes: number): number
  output(): number
}
const NEEDED = { memory: "memory", input: "function", ask: "function", output: "function" } as const

export async function openWasm(setup: Setup): Promise<Guest | Unfit> {
  let module: WebAssembly.Module
  try {
    module = await WebAssembly.compile(setup.source as Uint8Array<ArrayBuffer>)
  } catch (error) {
    return { unfit: "no program", why: `it is no valid WebAssembly: ${(error as Error).message}` }
  }
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind as string]))
  const missing = Object.entries(NEEDED).filter(([name, kind]) => exported.get(name) !== kind)
  if (missing.length > 0)
    return {
      unfit: "has no answer",
      why: `it exports no ${missing.map(([name, kind]) => `${kind} \`${name}\``).join(", ")}`,
    }
  let instance: WebAssembly.Instance
  try {
    instance = await WebAssembly.instantiate(module, {})
  } catch (error) {
    return { unfit: "fails at once", why: `it fails when it starts: ${(error as Error).message}` }
  }
  const { memory, input, ask, output } = instance.exports as unknown as Exports
  const { takes, gives, limits } = setup

  return {
    ask(inputs): Reply {
      try {
        const bytes = bytesOf(inputs as readonly Plain[], takes)
        const place = input(bytes.length) >>> 0
        if (place + bytes.length > memory.buffer.byteLength)
          return { nothing: `its \`input\` gave a place outside of its memory for ${bytes.length} bytes` }
        new Uint8Array(memory.buffer).set(bytes, place)
        const length = ask(bytes.length)
        if (!Number.isInteger(length)) return { nothing: "its `ask` gives no whole number" }
        if (length < 0) return { nothing: "it says that it has no answer" }
        if (length > limits.outputBytes)
          return { nothing: `its answer of ${length} bytes is longer than the ${limits.outputBytes} that are allowed` }
        const from = output() >>> 0
        if (from + length > memory.buffer.byteLength) return { nothing: "its answer lies outside of its memory" }
        return outputsOf(new Uint8Array(memory.buffer.slice(from, from + length)), gives)
      } catch (error) {
        return { nothing: `it trapped: ${(error as Error).message}`, spoilt: true }
      }
    },
  }
}

/** One text, label, bytes or vector alone is its very bytes (UTF-8; f32, little endian); everything else is JSON. */
const isRaw = (ports: readonly Port[]): boolean =>
  ports.length === 1 && ["text", "label", "bytes", "vector"].includes(ports[0]!.type.type)

function bytesOf(inputs: readonly Plain[], takes: readonly Port[]): Uint8Array {
  const [first] = inputs
  if (isRaw(takes)) {
    if (first instanceof Uint8Array) return first
    if (first instanceof Float32Array) {
      const view = new DataView(new ArrayBuffer(first.byteLength))
      for (const [i, number] of first.entries()) view.setFloat32(4 * i, number, true)
      return new Uint8Array(view.buffer)
    }
    return new TextEncoder().encode((first as string | null) ?? "")
  }
  const named = Object.fromEntries(takes.map(({ name }, i) => [name, jsonOf(inputs[i]!)]))
  return new TextEncoder().encode(JSON.stringify(takes.length === 1 ? named[takes[0]!.name] : named))
}

function outputsOf(bytes: Uint8Array, gives: readonly Port[]): Reply {
  const { type } = gives[0]!
  if (isRaw(gives) && type.type === "bytes") return { outputs: [bytes] }
  if (isRaw(gives) && type.type === "vector") {
    if (bytes.length !== 4 * type.length)
      return { nothing: `it gave ${bytes.length} bytes where ${type.length} numbers of 4 bytes are wanted` }
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return { outputs: [Float32Array.from({ length: type.length }, (_, i) => view.getFloat32(4 * i, true))] }
  }
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { nothing: "its answer is no UTF-8" }
  }
  if (isRaw(gives)) return { outputs: [type.type === "label" && text === "" ? null : text] }
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch {
    return { nothing: "its answer is no JSON" }
  }
  const named = (gives.length === 1 ? { [gives[0]!.name]: json } : json) as Readonly<Record<string, Json>> | null
  if (typeof named !== "object" || named === null)
    return { nothing: "its answer is no JSON object with its outputs by name" }
  return {
    outputs: gives.map(({ name, type: of }) => plainFromJson(Object.hasOwn(named, name) ? named[name] : undefined, of)),
  }
}
