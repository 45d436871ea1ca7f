import { availableParallelism } from "node:os"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads"
import {
  CONTROL_BYTES,
  type Complaint,
  type Order,
  PRESENT,
  READY,
  SHARES,
  SLEEPERS,
  TICKET,
  type WorkerData,
} from "./control.ts"

/** Threads beside this one, which help with whatever program it runs. They keep no process alive. */
export interface Crew extends Disposable {
  /** Whether one at least has started and proved itself. */
  isReady(): boolean
  /** How many shares others have done; those of the last moment may be missing. */
  shares(): number
  /** Why some do not help. */
  readonly asides: readonly string[]
  /** Makes a program known: its number. */
  add(module: WebAssembly.Module, memory: WebAssembly.Memory): number
  forget(program: number): void
  /** From now on this program is the one that is run. */
  present(program: number): void
  /** Calls those who sleep. */
  wake(): void
}

const path = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))
/** More would wait for one another longer than they help. */
const THREADS_MAX = 16

/** Starts all threads but this one: they are ready some 50 ms later, and nobody waits for them. */
export function startCrew(threads: number = Math.min(availableParallelism(), THREADS_MAX)): Crew {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES))
  const gone: string[] = []
  const helpers = Array.from({ length: Math.max(0, threads - 1) }, () => startHelper(control.buffer, gone))
  const call = (): void => {
    Atomics.add(control, TICKET, 1)
    Atomics.notify(control, TICKET)
  }
  const tell = (order: Order): void => {
    for (const { port } of helpers) port.postMessage(order)
    call()
  }
  let programs = 0
  return {
    get asides() {
      return [...gone, ...helpers.flatMap(({ complaints }) => complaints())]
    },
    shares: () => Atomics.load(control, SHARES),
    isReady: () => Atomics.load(control, READY) > 0,
    add(module, memory) {
      tell({ program: ++programs, module, memory })
      return programs
    },
    forget: (program) => tell({ forget: program }),
    present: (program) => void Atomics.store(control, PRESENT, program),
    wake() {
      if (Atomics.load(control, SLEEPERS) > 0) call()
    },
    [Symbol.dispose]() {
      Atomics.store(control, READY, 0)
      for (const { worker } of helpers) void worker.terminate()
    },
  }
}

/** One thread, with a channel that is read without waiting for the loop of events: this one may never come back to it. */
function startHelper(control: SharedArrayBuffer, gone: string[]) {
  const { port1: port, port2: theirs } = new MessageChannel()
  port.unref()
  const workerData: WorkerData = { control, port: theirs }
  const worker = new Worker(path, { workerData, transferList: [theirs], execArgv: [] })
  worker.unref()
  worker.on("error", (error) => void gone.push(`a thread came to grief: ${error}`))
  const heard: string[] = []
  const complaints = (): readonly string[] => {
    for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port))
      heard.push((mail.message as Complaint).reason)
    return heard
  }
  return { worker, port, complaints }
}
