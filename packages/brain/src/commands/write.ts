import { existsSync } from "node:fs"
import { basename } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { inBytes, shorten } from "../layout.ts"
import { NONE, needScribe } from "../scribe/find.ts"
import { firstBytesOf } from "../scribe/read_file.ts"
import { readIn } from "../scribe/read_in.ts"
import { teachScribe } from "../scribe/teach.ts"
import { companionOf } from "../scribe/write/complete.ts"
import { type Action, type EditorState, isAtLineEnd, lineStart, newEditor, press } from "../scribe/write/editor.ts"
import { keysIn } from "../scribe/write/keys.ts"
import { screenOf } from "../scribe/write/screen.ts"
import { TEXT_MAX, textOf } from "../scribe/write/text.ts"
import type { ExitCode, Services, Terminal } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { bytesBar, openTold, type ScribeArguments } from "./scribes.ts"

/** A keystroke should be seen within two frames of a screen. */
const BUDGET_MS = 15

export interface WriteArguments extends ScribeArguments {
  /** Teaches the scribe itself what was written: what it learnt here, it learnt in memory. */
  readonly keep?: boolean
}

/** `brain write SCRIBE [FILE]`: writing in the terminal, with a scribe that says how it goes on, and learns each line. */
export async function write(
  path: string,
  file: string | undefined,
  options: WriteArguments,
  services: Services,
): Promise<ExitCode> {
  const { terminal, print } = services
  const { keep = false } = options
  if (terminal === undefined)
    return refuse({
      code: "OB815",
      seen: "`brain write` is typed into, and here is no terminal.",
      hint: 'To go on from a text without one: brain generate SCRIBE "TEXT"',
    })
  if (file !== undefined) await refuseUnwritable(file)
  if (keep) await refuseNotOwn(path)
  const text = file !== undefined && existsSync(file) ? textOf(await firstBytesOf(file, TEXT_MAX + 1), file) : ""
  const scribe = await openTold(path, options, services)
  // The last line is not finished: it is read as it is typed.
  const finished = text.slice(0, lineStart(text, text.length))
  const bar = bytesBar(services, "reading what is there", text.length)
  await readIn(scribe.predictor, inPieces(new TextEncoder().encode(finished)), ({ bytes }) => bar(bytes))
  services.progress(undefined)
  const companion = companionOf(scribe.predictor, { budgetMs: BUDGET_MS, nowMs: () => performance.now() }, finished)
  const last = await typing(newEditor(text, file === undefined ? undefined : text), companion, file, terminal, services)
  const learnt = new TextEncoder().encode(companion.learnt())
  if (keep && learnt.length > 0) {
    const text = { name: file === undefined ? "written" : basename(file), from: inPieces(learnt) }
    const { lessons } = await teachScribe(path, [text], { onWrite: services.holdInterrupts })
    services.complain(
      `${shorten(path)} has learnt it: lesson ${lessons}, ${inBytes(learnt.length)}. brain undo takes it back.`,
    )
  }
  if (options.json)
    print(
      JSON.stringify({ file: file ?? null, text: last.text, saved: last.saved ?? null, learntBytes: learnt.length }),
    )
  else if (file === undefined)
    await services.write(last.text === "" || last.text.endsWith("\n") ? last.text : `${last.text}\n`)
  return 0
}

/** What is kept changes the scribe: it must be one's own, and that is known before anything is typed. Errors: OB820. */
async function refuseNotOwn(path: string): Promise<void> {
  if (path !== NONE && (await needScribe(path)).isOwn) return
  refuse({
    code: "OB820",
    seen: `${shorten(path)} is no scribe of your own: what is written cannot be kept in it.`,
    hint: `Make one that learns: brain teach ${shorten(path)} notes.txt --into FOLDER. Or write without --keep.`,
  })
}

/** Keys, one after the other, to the last. */
async function typing(
  first: EditorState,
  companion: ReturnType<typeof companionOf>,
  file: string | undefined,
  terminal: Terminal,
  services: Services,
): Promise<EditorState> {
  const { input, write, paint } = services
  let state = first
  let isLeaving = false
  const draw = (): Promise<void> => write(screenOf(state, file ?? "a text without a file", terminal.size(), paint))
  const complete = (): void => {
    const { text, cursor } = state
    state = { ...state, ghost: isAtLineEnd(state) ? companion.complete(text.slice(0, cursor)) : "" }
  }
  const act = async (action: Action): Promise<void> => {
    switch (action.kind) {
      case "learn":
        return companion.learn(action.line)
      case "save": {
        const { text } = state
        try {
          await writeFileWhole(file!, text)
          state = { ...state, saved: text, said: `Saved ${shorten(file!)}: ${inBytes(Buffer.byteLength(text))}.` }
        } catch (error) {
          // What is written is not lost for a disk that is full.
          state = { ...state, said: `Not saved: ${error instanceof Error ? error.message : error}` }
        }
        return
      }
      case "leave":
        isLeaving = true
        return
      default:
        return action satisfies never
    }
  }
  terminal.enter()
  try {
    terminal.onResize(() => void draw())
    complete()
    await draw()
    const decoder = new TextDecoder()
    let pending = ""
    for await (const chunk of input) {
      const found = keysIn(pending + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })))
      pending = found.pending
      for (const key of found.keys) {
        const { state: next, actions } = press(state, key)
        state = next
        for (const action of actions) await act(action)
        if (isLeaving) return state
      }
      complete()
      await draw()
    }
    return state
  } finally {
    terminal.leave()
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 2 ** 16) yield bytes.subarray(at, at + 2 ** 16)
}
