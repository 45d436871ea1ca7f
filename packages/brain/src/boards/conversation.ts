/** Talks with a board line by line: the next line is sent when the last one is answered, as a person does. */
import type { VirtualBoard } from "./virtual.ts"

export interface Answer {
  /** The line that was sent, without its end. */
  readonly sent: string
  /** Between the arrival of its last byte and the first byte of the answer; undefined where none came. */
  readonly cycles: number | undefined
}

export interface Conversation {
  /** Takes bytes to send: what is no whole line yet waits for the rest of it. */
  say(bytes: Uint8Array): void
  /** Nothing more will be said. */
  hangUp(): void
  /** Runs the board for so many cycles, or less. */
  run(cycles: number): void
  readonly answers: readonly Answer[]
  /** All is said, and the board has been silent for a second of its time; never where it is not to end by silence. */
  isOver(): boolean
  /** Nothing is being sent or waited for, and more may be said. */
  isIdle(): boolean
}

/** Seconds of the board's time. */
const [BREATH, GREETING, SILENCE] = [0.005, 0.1, 1]
const LINE_END = 10

export interface Talk {
  /** The talk ends by silence. */
  readonly isToSilence: boolean
  /** Seconds that an answer is waited for. */
  readonly wait?: number | undefined
  /** A last line without an end is given one: a program that reads lines would wait for it for ever. */
  readonly endsLines?: boolean
}

/**
 * A line goes out when the board listens and has been silent: for 5 ms after an answer of at least a line, for `wait` seconds where none
 * came, and for a tenth of a second before the first, so that a greeting is no answer.
 */
export function openConversation(
  board: VirtualBoard,
  { isToSilence, wait = SILENCE, endsLines = false }: Talk,
): Conversation {
  const { clockHz } = board.board
  const lines: Uint8Array[] = []
  let rest = new Uint8Array()
  let isHungUp = false
  let lastHeard = 0 // the cycle when it last printed or took a byte, or began to listen
  let heard = 0 // bytes printed
  let wasListening = false
  let open: { readonly sent: string; readonly from: number; arrived?: number; first?: number } | undefined
  let isFirst = true
  const answers: Answer[] = []

  const listen = (): void => {
    if (board.isListening && !wasListening) {
      wasListening = true
      lastHeard = board.cycles
    }
    if (open !== undefined && open.arrived === undefined && board.pending === 0) {
      open.arrived = board.cycles
      lastHeard = board.cycles
    }
    if (board.outputLength > heard) {
      if (open?.arrived !== undefined) open.first ??= board.cycles
      heard = board.outputLength
      lastHeard = board.cycles
    }
  }
  const isAnswered = (): boolean => open?.first !== undefined && board.output(open.from).includes(LINE_END)
  const silence = (): number => (board.cycles - lastHeard) / clockHz
  const settle = (): void => {
    if (open === undefined) return
    if (open.arrived === undefined || silence() < (isAnswered() ? BREATH : wait)) return
    const { sent, arrived, first } = open
    answers.push({ sent, cycles: first === undefined ? undefined : first - arrived })
    open = undefined
  }
  const sendNext = (): void => {
    if (open !== undefined || lines.length === 0 || !wasListening) return
    if (isFirst && silence() < GREETING) return
    isFirst = false
    const line = lines.shift()!
    open = { sent: DECODER.decode(line).replace(/\r?\n$/, ""), from: board.outputLength }
    board.send(line)
  }
  return {
    answers,
    say(bytes) {
      const joined = new Uint8Array(rest.length + bytes.length)
      joined.set(rest)
      joined.set(bytes, rest.length)
      let start = 0
      for (let end = joined.indexOf(LINE_END); end >= 0; end = joined.indexOf(LINE_END, start)) {
        lines.push(joined.slice(start, end + 1))
        start = end + 1
      }
      rest = joined.slice(start)
    },
    hangUp() {
      isHungUp = true
      if (rest.length > 0) lines.push(endsLines ? Uint8Array.from([...rest, LINE_END]) : rest)
      rest = new Uint8Array()
    },
    run(cycles) {
      const hear = (): boolean => {
        listen()
        settle()
        sendNext()
        return isHungUp && lines.length === 0 && open === undefined
      }
      board.runUntil(hear, cycles)
      // Once all is said only the end is waited for.
      if (hear()) {
        board.runUntil(() => {
          listen()
          return isToSilence && isEnded()
        }, cycles)
      }
    },
    isOver: () => isToSilence && isEnded(),
    isIdle: () => !isHungUp && lines.length === 0 && open === undefined,
  }

  function isEnded(): boolean {
    return isHungUp && lines.length === 0 && open === undefined && silence() >= SILENCE
  }
}
const DECODER = new TextDecoder()
