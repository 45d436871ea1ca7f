/** A thread that helps: does shares of whatever program is being run (emit/wasm/threads.ts), and sleeps in between. */
import { receiveMessageOnPort, workerData } from "node:worker_threads"
import { messageOf } from "@open-brains/core/base/problem.ts"
import { CONTROL } from "@open-brains/core/emit/wasm/threads.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type Complaint, type Order, PRESENT, READY, SHARES, SLEEPERS, TICKET, type WorkerData } from "./control.ts"

interface Program {
  help(): number
  work(): number
}

const { control: words, port } = workerData as WorkerData
const control = new Int32Array(words)
const fault = faultOf(wasmEngine)
if (fault === undefined) serve()
else complain(fault)

function serve(): never {
  Atomics.add(control, READY, 1)
  const programs = new Map<number, Program>()
  const present = (): Program | undefined => programs.get(Atomics.load(control, PRESENT))
  for (;;) {
    const ticket = Atomics.load(control, TICKET)
    for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port)) obey(mail.message as Order)
    Atomics.add(control, SHARES, present()?.help() ?? 0)
    Atomics.add(control, SLEEPERS, 1)
    const missed = present()?.work() ?? 0 // what was shared out before this thread was seen to go to sleep
    if (missed === 0) Atomics.wait(control, TICKET, ticket)
    Atomics.sub(control, SLEEPERS, 1)
    Atomics.add(control, SHARES, missed)
  }
  function obey(order: Order): void {
    if ("forget" in order) programs.delete(order.forget)
    else programs.set(order.program, programOf(order.module, order.memory))
  }
}

function programOf(module: WebAssembly.Module, memory: WebAssembly.Memory): Program {
  const wake = (): void => {} // only the thread that runs the program calls others
  const { exports } = new WebAssembly.Instance(module, { host: { memory, wake } })
  const failed = new Int32Array(memory.buffer, CONTROL.failed, 1)
  const guarded = (call: () => number) => (): number => {
    try {
      return call()
    } catch (error) {
      complain(messageOf(error))
      Atomics.store(failed, 0, 1) // the one who waits for this share must hear of it
      throw error
    }
  }
  return { help: guarded(exports["help"] as () => number), work: guarded(exports["work"] as () => number) }
}

function complain(reason: string): void {
  port.postMessage({ reason } satisfies Complaint)
}
