import { join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { UNSURE } from "@open-brains/core/train/examples.ts"
import { gather, type Sources } from "../examples.ts"
import { counted, inBits, percent, shorten, wrap } from "../layout.ts"
import { correct } from "../lessons.ts"
import { type Brain, load } from "../load.ts"
import { type ExitCode, firstParty, type Services } from "../services.ts"
import { type Lesson, type TeachOptions, teachModule } from "../teach.ts"
import { cite } from "./ask.ts"
import { progressBar } from "./progress.ts"
import { type Turn, typed, written } from "./turns.ts"

const GENERAL = ["what's the balance of my savings account", "wake me at six tomorrow", "why do cats purr"]

/**
 * `brain tour`: asks the base, teaches it a help desk, compares before, after and scratch, then answers and learns what
 * a person types. Everything printed is computed there and then; without a terminal it plays on lines of standard
 * input, MESSAGE tab LABEL, or on its own.
 */
export async function tour({ json = false }: { readonly json?: boolean }, services: Services): Promise<ExitCode> {
  await walk(services.temporaryFolder(), json ? tell(services) : show(services), services)
  return 0
}

/** What a tour says, for a person or for a program. */
interface Guide {
  chapter(title: string, text: string): void
  answer(who: string, brain: Brain, text: string): void
  taught(lesson: Lesson, seconds: number): void
  corrected(text: string, label: string, milliseconds: number): void
  end(): void
}

async function walk(folder: string, guide: Guide, services: Services): Promise<void> {
  const [basePath, messages] = [firstParty("modules", "intent"), firstParty("examples", "helpdesk", "messages.csv")]
  if (!basePath || !messages)
    return refuse({
      code: "OB515",
      seen: "The tour needs modules/intent and examples/helpdesk of the repository.",
      hint: "Run it from a clone: ./brain tour",
    })
  const base = await load(basePath)
  guide.chapter(
    "1. A base that somebody taught",
    `${base.files.manifest.about}. It knows ${base.labels.length} kinds of request, and when it knows none.`,
  )
  for (const text of GENERAL) guide.answer("base", base, text)

  const sources = await gather([messages], undefined)
  const { examples } = sources
  const labels = [...new Set(examples.flatMap(({ label }) => label ?? []))].sort()
  guide.chapter(
    "2. Teach it something of your own",
    `${examples.length} messages to a small shop's help desk, in ${labels.length} kinds, become a module of your own.`,
  )
  const into = join(folder, "desk")
  const lessonOf = async (taught: Pick<Sources, "examples" | "folded">): Promise<readonly [Lesson, number]> => {
    const start = performance.now()
    const options: TeachOptions = {
      examples: taught.examples,
      folded: taught.folded,
      into,
      name: "desk",
      about: "A help desk",
      licence: "CC0-1.0",
      base: base.files,
      isSetApart: false,
      onProgress: progressBar(services),
    }
    const lesson = await teachModule(options)
    services.progress(undefined)
    return [lesson, (performance.now() - start) / 1000]
  }
  const [lesson, seconds] = await lessonOf(sources)
  guide.taught(lesson, seconds)

  const turns = await written(services)
  guide.chapter("3. Before and after", "The same messages, none of which it was taught:")
  for (const { text } of turns.slice(0, 3)) {
    guide.answer("before", base, text)
    guide.answer("after", lesson.brain, text)
  }

  guide.chapter(
    "4. Correct it",
    services.isTerminal
      ? "Type a message as a customer would. What you say of an answer counts at once. Enter alone ends the tour."
      : "A message is answered, corrected, and answered again at once:",
  )
  let brain = lesson.brain
  const known = brain.labels
  let corrections = 0
  const source = services.isTerminal ? typed(services, known) : fromLines(turns)
  let turn = await source.next(undefined)
  while (!turn.done) {
    guide.answer("now", brain, turn.value.text)
    const { text, label } = turn.value
    const right = label ?? (await source.next(brain.ask(text).label)).value?.label
    if (right !== undefined && right !== (brain.ask(text).label ?? UNSURE)) {
      const start = performance.now()
      await correct(into, text, right === UNSURE ? undefined : right)
      brain = await load(into)
      corrections++
      guide.corrected(text, right, performance.now() - start)
      guide.answer("again", brain, text)
    }
    turn = await source.next(undefined)
  }
  if (corrections > 0) {
    guide.chapter(
      "5. Fold it in",
      `${counted(corrections, "correction lies", "corrections lie")} in the module's memory, and each can be undone. Teaching it again writes ${corrections === 1 ? "it" : "them"} into the weights:`,
    )
    guide.taught(...(await lessonOf(await gather([into], undefined))))
  }
  guide.end()
}

async function* fromLines(turns: readonly Turn[]): AsyncGenerator<Turn, undefined, string | undefined> {
  yield* turns
  return undefined
}

function show({ print, paint }: Services): Guide {
  let said: string | undefined
  const row = (who: string, what: string): void => print(`    ${paint("dim", who.padEnd(6))}  ${what}`)
  return {
    chapter(title, text) {
      print(`\n${paint("bold", title)}\n${wrap(text)}`)
      said = undefined
    },
    answer(who, brain, text) {
      if (said !== text) print(`  “${shorten(text, 94)}”`)
      said = text
      const { label, guess, probability, because } = brain.ask(text)
      const shown =
        label === undefined
          ? `${paint("yellow", "unsure")} ${paint("dim", `(closest: ${guess} ${percent(probability)})${cite(because)}`)}`
          : `${paint("green", label)} ${percent(probability)}${paint("dim", cite(because))}`
      row(who, shown)
    },
    taught({ taught, report, brain }, seconds) {
      const bytes = brain.files.parts["weights.safetensors"]!.length
      print(
        `  Taught in ${seconds.toFixed(1)} s; ${(bytes / 1000).toFixed(0)} KB of weights, ${brain.files.manifest.parts["weights.safetensors"]!.slice(0, 19)}…`,
      )
      for (const { name, accuracy, bits } of taught.trials)
        print(
          `  ${`from ${name.startsWith("base") ? "the " : ""}${name}`.padEnd(33)}${percent(accuracy)} right on held-out messages, ${inBits(bits)} bits an answer${name === taught.kept.name ? "  (kept)" : ""}`,
        )
      if (report)
        print(
          `  ${"in the end".padEnd(33)}${percent(report.accuracy)} right on ${report.examples} messages that no choice was made on`,
        )
    },
    corrected: (_, label, milliseconds) =>
      row("told", `it is ${paint("cyan", label)}; taken in ${milliseconds.toFixed(0)} ms, written and read again`),
    end: () =>
      print(
        `\nThat is all of it: no account, no network, plain files. Keep one of your own:\n  ./brain teach examples/helpdesk/messages.csv --into desk\n  ./brain ask desk "where is my parcel"`,
      ),
  }
}

function tell({ print }: Services): Guide {
  const line = (event: string, rest: object): void => print(JSON.stringify({ event, ...rest }))
  return {
    chapter: (title) => line("chapter", { title }),
    answer: (who, brain, text) =>
      line("answer", { who, text, ...brain.ask(text), label: brain.ask(text).label ?? null }),
    taught: ({ taught, report, brain }, seconds) =>
      line("taught", {
        seconds,
        trials: taught.trials,
        kept: taught.kept.name,
        report: report ?? null,
        digest: brain.files.digest,
      }),
    corrected: (text, label, milliseconds) => line("corrected", { text, label, milliseconds }),
    end: () => line("end", {}),
  }
}
