/** The thread that runs somebody's code: one order at a time, one notice for each. Whoever started it ends it when it is late. */
import { readFile } from "node:fs/promises"
import { type MessagePort, workerData } from "node:worker_threads"
import type { Guest, Notice, Order, Setup, Unfit } from "./guest.ts"

const { port, setup } = workerData as { readonly port: MessagePort; readonly setup: Setup }
const tell = (notice: Notice): void => port.postMessage(notice)

/** The same program as at the start, without any state. */
const fresh = await opener()
let guest: Guest | Unfit = await fresh()
port.on("message", (order: Order) => void obey(order))
tell("unfit" in guest ? guest : { ready: true })

async function obey(order: Order): Promise<void> {
  if ("refresh" in order) {
    guest = await fresh()
    tell("unfit" in guest ? guest : { ready: true })
  } else tell("unfit" in guest ? guest : guest.ask(order.ask, order.withinMs))
}

async function opener(): Promise<() => Promise<Guest | Unfit>> {
  if (setup.language === "wasm") {
    const { openWasm } = await import("./wasm.ts")
    return () => openWasm(setup)
  }
  const { openJavaScript } = await import("./javascript.ts")
  const engine = new URL(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"))
  const compiled = await WebAssembly.compile(await readFile(engine))
  return () => openJavaScript(setup, compiled)
}
