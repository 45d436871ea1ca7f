import { constants } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { AvrBoard } from "../boards/avr.ts"
import { firmwareFor, isBuilt } from "../boards/build.ts"
import { type Answer, openConversation, type Talk } from "../boards/conversation.ts"
import { virtualBoard } from "../boards/firmware.ts"
import { openVirtualBoard, type VirtualBoard } from "../boards/virtual.ts"
import { counted } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"

export interface FlashArguments {
  readonly virtual?: string
  /** With a module: a C file that is its program. */
  readonly main?: string
  /** What the module's files and functions are called. */
  readonly name?: string
  /** With a scribe: bytes of its tables, and that it may begin without what it has read. */
  readonly memory?: string
  readonly force?: boolean
  /** Of the board's time: how long a line may go unanswered. */
  readonly wait?: number
  /** Of the board's time. */
  readonly seconds?: number
  readonly cycles?: boolean
  readonly json?: boolean
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const
/** Others are heard so often. */
const TURN_MS = 20
const TURN_CYCLES = 160_000
const PATIENCE_MS = 1000
/** Of a line that is told again. */
const LINE_SHOWN = 48

/** `brain flash --virtual BOARD FILE|MODULE`: runs firmware, or a module, on a simulated board, with its serial port at this terminal. Errors: OB840-OB847. */
export async function flash(path: string, options: FlashArguments, services: Services): Promise<ExitCode> {
  if (options.virtual === undefined)
    return refuse({
      code: "OB846",
      seen: "A real board is not flashed from here.",
      hint:
        "Open the exported library's example in the Arduino IDE and press Upload; or, with a .hex for an Uno: " +
        "avrdude -p atmega328p -c arduino -b 115200 -P PORT -U flash:w:FILE.hex:i (a Mega: -p atmega2560 -c wiring). " +
        "To run it here: --virtual uno or mega.",
    })
  const board = virtualBoard(options.virtual)
  const firmware = await firmwareFor(path, board, options)
  const opened = openVirtualBoard(board, firmware)
  const stop = new AbortController()
  const end = (): void => {
    if (stop.signal.aborted) process.exit(128 + constants.signals.SIGINT) // asked twice
    stop.abort()
  }
  services.holdInterrupts()
  for (const signal of SIGNALS) process.on(signal, end)
  const started = performance.now()
  try {
    const wait = options.wait ?? firmware.answersWithin
    const talk = { isToSilence: options.seconds === undefined, wait, endsLines: !isBuilt(path) }
    const answers = await converse(opened, options, talk, services, stop.signal)
    const wallSeconds = (performance.now() - started) / 1000
    report(opened, answers, wallSeconds, options, services)
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, end)
  }
  if (opened.halt === "lost")
    return refuse({
      code: "OB847",
      seen: `After ${opened.cycles} cycles the program ran into flash that holds no instruction: its stack or a pointer went astray.`,
      hint:
        opened.freeBytes === 0
          ? "Its stack has met its variables: it needs more RAM than the board has. Take a smaller module or a larger board."
          : "Look for a write past the end of an array; --seconds ends before it happens.",
    })
  return 0
}

async function converse(
  board: VirtualBoard,
  options: FlashArguments,
  how: Talk,
  services: Services,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const { isToSilence } = how
  const talk = openConversation(board, how)
  const isTyped = services.input.isTTY === true
  let wake = (): void => {}
  const heard = (): void => wake()
  const hear = (bytes: Uint8Array): void => {
    talk.say(bytes)
    wake()
  }
  // A board goes on when nobody can type any more.
  readInto(services, hear, signal).catch(heard).then(talk.hangUp).then(heard)
  const { clockHz } = board.board
  const limit = options.seconds === undefined ? Number.POSITIVE_INFINITY : Math.round(options.seconds * clockHz)
  const started = performance.now()
  let turn = started
  let shown = 0
  let told = 0
  let isPatient = true
  while (!signal.aborted && board.halt === undefined && board.cycles < limit && !(isToSilence && talk.isOver())) {
    // Of a file each line is there before its cycle comes, so that a run is the same every time; a live pipe is not waited for long.
    if (!isTyped && isPatient && talk.isIdle()) isPatient = await comesWithin(PATIENCE_MS)
    talk.run(Math.min(TURN_CYCLES, limit - board.cycles))
    // A person sees the board as it is, no faster.
    const aheadMs = (board.cycles / clockHz) * 1000 - (performance.now() - started)
    if (isTyped && aheadMs > TURN_MS) await sleep(aheadMs)
    else if (performance.now() - turn < TURN_MS) continue
    else await new Promise((wake) => setImmediate(wake))
    turn = performance.now()
    ;[shown, told] = await show()
  }
  await show()
  return talk.answers

  /** Whether more was said, or all, within that time. */
  async function comesWithin(timeMs: number): Promise<boolean> {
    const late = new AbortController()
    const news = new Promise<boolean>((done) => {
      wake = () => done(true)
    })
    const isLate = sleep(timeMs, false, { signal: late.signal }).catch(() => false)
    const isHeard = await Promise.race([news, isLate])
    late.abort()
    return isHeard
  }

  async function show(): Promise<readonly [number, number]> {
    if (options.json === true) return [shown, told]
    const bytes = board.output(shown)
    if (bytes.length > 0) await services.write(bytes)
    const { answers } = talk
    if (options.cycles === true)
      for (const answer of answers.slice(told)) services.complain(toldOf(answer, board.board))
    return [shown + bytes.length, answers.length]
  }
}

/** Gives each chunk of standard input on, until there is no more or nobody listens any longer. */
async function readInto({ input }: Services, say: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void> {
  const encoder = new TextEncoder()
  for await (const chunk of input) {
    if (signal.aborted) return
    say(typeof chunk === "string" ? encoder.encode(chunk) : chunk)
  }
}

function toldOf({ sent, cycles }: Answer, { clockHz }: AvrBoard): string {
  const line = JSON.stringify(sent.length > LINE_SHOWN ? `${sent.slice(0, LINE_SHOWN)}…` : sent)
  if (cycles === undefined) return `${line}: no answer`
  return `${line}: ${cycles.toLocaleString("en")} cycles, ${inMs(cycles / clockHz)}`
}
const inMs = (seconds: number): string => `${Number((1000 * seconds).toPrecision(3))} ms`

function report(
  board: VirtualBoard,
  answers: readonly Answer[],
  wallSeconds: number,
  options: FlashArguments,
  { print, complain }: Services,
): void {
  const { title, name, clockHz, ramBytes } = board.board
  const boardSeconds = board.cycles / clockHz
  const speed = boardSeconds / wallSeconds
  if (options.json === true) {
    const output = new TextDecoder().decode(board.output())
    const { cycles, stackUsed, stackPainted, freeBytes, lostBytes, halt } = board
    const figures = { cycles, boardSeconds, speed, stackUsed, stackPainted, freeBytes, lostBytes, ramBytes }
    const talked = options.cycles === true ? { answers } : {}
    print(JSON.stringify({ board: name, output, ...figures, ...(halt === undefined ? {} : { halt }), ...talked }))
    return
  }
  const lost = counted(board.lostBytes, "byte")
  const lines = [
    `${title}: ${board.cycles.toLocaleString("en")} cycles, ${Number(boardSeconds.toPrecision(4))} s of its time, ` +
      `${Number(speed.toPrecision(2))} x real time.`,
    `Stack: ${board.stackUsed} bytes at most; ${board.freeBytes} of ${ramBytes} bytes of RAM were never used.`,
    ...(board.freeBytes === 0 ? ["The stack has met the variables: what either of them held may be lost."] : []),
    ...(board.lostBytes > 0 ? [`${lost} sent to it came while three others waited, and were lost.`] : []),
    ...(board.halt === "asleep" ? ["It has ended: interrupts are off, and nothing will wake it."] : []),
  ]
  const output = board.output(Math.max(0, board.outputLength - 1))
  complain(`${output.length === 0 || output[0] === 10 ? "" : "\n"}${lines.join("\n")}`)
}
