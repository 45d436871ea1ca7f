import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { Limits } from "@open-brains/core/composition/parts.ts"
import { expect, test } from "vitest"
import wabtStart from "wabt"
import { repository } from "../../../../scripts/testing.ts"
import { openRemote } from "../remote/open.ts"
import { openTranscript } from "../remote/transcript.ts"
import { fileWith } from "../testing/command.ts"
import { openCode } from "./open.ts"
import { declareCode, declareRemote } from "./testing/declare.ts"

const wabt = await wabtStart()
const binary = (text: string): Uint8Array => wabt.parseWat("rules.wat", text).toBinary({}).buffer
const open = async (source: string | Uint8Array, limits: Limits = {}, language: "javascript" | "wasm" = "javascript") =>
  (await openCode(declareCode({ limits, language }), source)).close?.()

/** The two examples of a page. */
function examples(path: string): readonly string[] {
  const text = readFileSync(join(repository, path), "utf8")
  return [...text.matchAll(/```(?:js|wat|brain|json)\n([\s\S]*?)```/g)].map(([, example]) => example!)
}
async function codesOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work()
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}
/** What an example says of a remote part: only what these pages use is read. */
function remoteOf(text: string): unknown {
  const word = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]
  const number = (pattern: RegExp): number | undefined => (word(pattern) ? Number(word(pattern)) : undefined)
  const some = Object.entries({
    endpoint: word(/endpoint "([^"]+)"/),
    keyFrom: word(/key from "([^"]+)"/),
    prompt: word(/prompt "([^"]+)"/),
    model: word(/model "([^"]+)"/) ?? (text.includes("OB672") ? undefined : "small"),
    pricePerMillionTokens: number(/price ([\d.]+)/),
  }).filter(([, value]) => value !== undefined)
  const cost = number(/cost ([\d.]+)/)
  const declared = {
    protocol: "chat",
    ...Object.fromEntries(some),
    limits: cost === undefined ? {} : { cost },
  } as const
  return openRemote(declareRemote(declared), { allowed: false, environment: {} })
}
const memoryOf = (text: string): number =>
  Number(/memory (\d+)/.exec(text)![1]) * (text.includes("MB") ? 2 ** 20 : 1024)

const TRIED: Readonly<Record<string, (example: string) => unknown>> = {
  OB660: (example) => open(example),
  OB661: (example) => open(example),
  OB662: (example) => open(example),
  OB663: (example) => open(binary(example), {}, "wasm"),
  OB664: (example) => open("function answer() {}", { memoryBytes: memoryOf(example) }),
  OB665: (example) => open(`function answer() {}${example.includes("table") ? `//${"0".repeat(2 ** 21)}` : ""}`),
  OB670: remoteOf,
  OB671: remoteOf,
  OB672: (example) => remoteOf(`${example} OB672`),
  OB673: (example) => openTranscript(fileWith(example, "answers.jsonl"), "replay"),
  OB674: remoteOf,
}
test.each(Object.entries(TRIED))(
  "docs/errors/%s.md: the broken example gives this code, the mended one none",
  async (code, attempt) => {
    const [broken, mended, ...more] = examples(`docs/errors/${code}.md`)
    expect([await codesOf(() => attempt(broken!)), await codesOf(() => attempt(mended!)), more]).toEqual([
      [code],
      [],
      [],
    ])
  },
)

test("the parts of docs/manual/brains/parts.md answer as it says", async () => {
  const text = readFileSync(join(repository, "docs/manual/brains/parts.md"), "utf8")
  const block = (kind: string): string => text.match(new RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, "s"))![1]!
  const script = await openCode(declareCode(), block("js"))
  expect([await script.ask(["hi"], undefined), await script.ask(["ho"], undefined)]).toEqual([["HI (1)"], ["HO (2)"]])
  const module = await openCode(declareCode({ language: "wasm" }), binary(block("wat")))
  expect(await module.ask(["louder, äz{`"], undefined)).toEqual(["LOUDER, äZ{`"])
  await Promise.all([script.close?.(), module.close?.()])
})
