import { programOf } from "@open-brains/core/compile.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { explain } from "../explain.ts"
import { printExplanationPage } from "../explanation_page.ts"
import { printExplanation } from "../explanation_text.ts"
import { load } from "../load.ts"
import { laneWidth } from "../native/compiler.ts"
import { tilesOf } from "../native/tiles.ts"
import type { ExitCode, Services } from "../services.ts"
import type { Stage } from "../stage.ts"
import { printStage } from "../stages.ts"
import { writeFileWhole } from "../store/file.ts"
import { readModule } from "../store/folder.ts"

export interface ExplainArguments {
  readonly label?: string
  readonly all?: boolean
  readonly html?: string
  readonly json?: boolean
}

/** `brain explain MODULE TEXT…`: why the module answered, n-gram by n-gram, and the nearest examples it learnt from. */
export async function explainAnswer(
  path: string,
  words: readonly string[],
  { label, all = false, html, json = false }: ExplainArguments,
  services: Services,
): Promise<ExitCode> {
  const brain = await load(path)
  const text = words.length === 1 && words[0] === "-" ? await readAll(services) : words.join(" ")
  const found = explain(brain, text, label === undefined ? {} : { label })
  if (html !== undefined) await writeFileWhole(html, printExplanationPage(found, brain.files.manifest.name))
  if (json)
    services.print(
      JSON.stringify({ ...found, label: found.label ?? null, nearest: found.nearest ?? null, unit: "1/256 bit" }),
    )
  else for (const line of printExplanation(found, all, services.paint)) services.print(line)
  if (html !== undefined && !json) services.print(`\nThe page: ${html}`)
  return 0
}

/** All of standard input as one text, without the line break that ends it. */
async function readAll({ input }: Services): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
  return new TextDecoder().decode(Buffer.concat(chunks)).replace(/\r?\n$/, "")
}

/** `brain explain --stage STAGE MODULE`: what the module is on its way from graph to machine. */
export async function explainStage(
  path: string,
  { stage, json }: { readonly stage: Stage; readonly json?: boolean },
  { print }: Services,
): Promise<ExitCode> {
  const files = await readModule(path)
  const { graph } = contentsOf(files)
  const tiles = stage === "c" ? tilesOf(laneWidth()) : undefined // as the engine that compiles it would cut products
  const program = programOf({ name: "predict", outputs: graph, prepares: true, ...(tiles && { tiles }) })
  const text = await printStage(stage, graph, program)
  print(json ? JSON.stringify({ path, digest: files.digest, stage, text }) : text.trimEnd())
  return 0
}
