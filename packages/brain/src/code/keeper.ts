import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads"
import { codeOf } from "../store/files.ts"
import type { Failure, Notice, Order, Reply, Setup, Unfit } from "./guest.ts"

/** A thread with somebody's code in it, which is replaced when it is late or comes to grief. */
export interface Keeper {
  /** One at a time: it is for the caller to wait. `withinMs` begins when the code is ready. Never throws. */
  ask(inputs: readonly unknown[], withinMs: number): Promise<Reply>
  /** The next question meets a fresh state. */
  refresh(): void
  close(): Promise<void>
}

const path = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))
/** How long the thread has to start, read the file and be ready. */
const READY_MS = 5000
/** The code stops itself when its time is over; what does not even do that is ended so much later. */
const GRACE_MS = 25
/** Of what V8 itself keeps for the thread, beside the memory of the sandbox. */
const HEAP_MB = 64

interface Thread {
  readonly worker: Worker
  readonly port: MessagePort
  /** The next notice; undefined when it is late or the thread has ended, which it is then made to. */
  next(withinMs: number): Promise<Notice | Ended>
}
interface Ended {
  readonly ended: "late" | "memory" | "broken"
}

/** Starts the thread and waits until the file is read. What it cannot use of it comes back. */
export async function keep(setup: Setup): Promise<Keeper | Unfit> {
  let thread = start(setup)
  const first = await thread.next(READY_MS)
  if (!("ready" in first)) {
    void thread.worker.terminate()
    if ("unfit" in first) return first
    return {
      unfit: "fails at once",
      why: "ended" in first ? STARTING[first.ended] : "it gave an answer to no question",
    }
  }
  /** Undefined as soon as it is ready; its reason when it cannot be. */
  let ready: Promise<Failure | undefined> = Promise.resolve(undefined)

  const whenReady = async (current: Thread): Promise<Failure | undefined> => {
    const notice = await current.next(READY_MS)
    if ("ready" in notice) return undefined
    const why = "unfit" in notice ? notice.why : "ended" in notice ? STARTING[notice.ended] : "it is out of step"
    return { nothing: `it cannot start afresh: ${why}`, byMachine: true }
  }
  const refresh = (): void => {
    ready = ready.then(async (failure) => {
      if (failure !== undefined) thread = restarted(thread, setup)
      else thread.port.postMessage({ refresh: true } satisfies Order)
      return whenReady(thread)
    })
  }
  return {
    async ask(inputs, withinMs) {
      const failure = await ready
      if (failure !== undefined) {
        refresh() // perhaps the machine was only busy
        return failure
      }
      thread.port.postMessage({ ask: inputs, withinMs } satisfies Order)
      const notice = await thread.next(withinMs + GRACE_MS)
      if ("ended" in notice) {
        thread = restarted(thread, setup)
        ready = whenReady(thread)
        return { nothing: ASKED[notice.ended](withinMs), byMachine: true }
      }
      if ("outputs" in notice) return notice
      if ("nothing" in notice) {
        if (notice.spoilt) refresh()
        return notice
      }
      return { nothing: "unfit" in notice ? notice.why : "it is out of step" }
    },
    refresh,
    async close() {
      await thread.worker.terminate()
    },
  }
}

const STARTING = {
  late: "what it does before it is asked does not come to an end",
  memory: "it needs too much memory before it is asked",
  broken: "its thread came to grief before it was asked",
} as const
const ASKED: Readonly<Record<Ended["ended"], (withinMs: number) => string>> = {
  late: (withinMs) => `it took longer than ${withinMs} ms`,
  memory: () => "it needs more memory than its thread may have",
  broken: () => "its thread came to grief",
}

function restarted(old: Thread, setup: Setup): Thread {
  void old.worker.terminate()
  old.port.close()
  return start(setup)
}

/** It keeps no process alive; a question that waits for it does, by its timer. */
function start(setup: Setup): Thread {
  const { port1: port, port2: theirs } = new MessageChannel()
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 }
  const worker = new Worker(path, {
    workerData: { port: theirs, setup },
    transferList: [theirs],
    execArgv: [],
    env: {},
    resourceLimits,
  })
  let settle: ((notice: Notice | Ended) => void) | undefined
  let end: Ended | undefined
  const heard = (notice: Notice | Ended): void => {
    if ("ended" in notice) end ??= notice
    settle?.(notice)
  }
  port.on("message", heard)
  worker.on("error", (error) => heard({ ended: codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "broken" }))
  worker.on("exit", () => heard({ ended: "broken" }))
  port.unref()
  worker.unref()
  return {
    worker,
    port,
    next: (withinMs) =>
      new Promise((resolve) => {
        if (end !== undefined) return resolve(end)
        const timer = setTimeout(() => {
          // This thread may have been busy itself: what has arrived in time counts.
          const mail = receiveMessageOnPort(port)
          heard(mail === undefined ? { ended: "late" } : (mail.message as Notice))
        }, withinMs)
        settle = (notice) => {
          clearTimeout(timer)
          settle = undefined
          resolve(notice)
        }
      }),
  }
}
