import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"

const intent = `${repository}/modules/intent`
const stage = async (name: string): Promise<string> => {
  const { code, out } = await brain(["explain", "--stage", name, intent])
  expect(code).toBe(0)
  return out
}

test("the graph: a value a line, with its type, then what it gives", async () => {
  const text = await stage("graph")
  expect(text).toMatch(/%0: i8\[4096, 64\] = weight\(\) \{ name: "table" \}/)
  expect(text).toMatch(/= kernel\(%1, %2\) \{ program: ngrams, output: "slots" \}/)
  expect(text).toMatch(/^gives label = %\d+$/m)
})
test("the loop IR: buffers, entries, a statement a line", async () => {
  const text = await stage("ir")
  expect(text).toMatch(/^program predict\n {2}input table: i8\[262144\]$/m)
  expect(text).toMatch(/^prepare$/m)
  expect(text).toMatch(/parallel \w+ < \d+/)
})
test("the plan: where each buffer lies, and what each entry does at least and at most", async () => {
  const text = await stage("plan")
  expect(text).toMatch(/^0 +262144 +input +i8\[262144\] +table$/m)
  expect(text).toMatch(/^run +\d+ … \d+ +\d+ … \d+ +\d+ … \d+$/m)
  expect(text).toMatch(/\d+ buffers, bytes: 276026 of input, 604 of output/)
})
test("WebAssembly in its text format, as the engine is given it", async () => {
  const text = await stage("wasm")
  expect(text).toMatch(/^\(module\n/)
  expect(text).toContain("i32x4.")
  expect(text).toContain('(export "run"')
})
test("the C that the native engine would build", async () => {
  const text = await stage("c")
  expect(text).toContain("#include <stdint.h>")
  expect(text).toMatch(/void run\(unsigned char \*memory\)/)
  expect(text).toMatch(/void run_prepare\(unsigned char \*memory\)/)
})
test("--json wraps the text, with the digest that it is of", async () => {
  const { out } = await brain(["explain", "--stage", "graph", intent, "--json"])
  expect(JSON.parse(out)).toMatchObject({ path: intent, stage: "graph", digest: expect.stringMatching(/^sha256:/) })
})
test("a stage that there is not", async () => {
  const wrong = await brain(["explain", "--stage", "llvm", intent])
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("graph, ir, plan, wasm, c")])
})
test("neither a text nor a stage, and both", async () => {
  const none = await brain(["explain", intent])
  expect([none.code, none.err]).toEqual([
    2,
    "error[OB500]: There is nothing to explain: give a text, or --stage STAGE for the module itself.\nhint: See: brain explain --help",
  ])
  for (const more of [["hello"], ["--label", "yes"], ["--all"], ["--html", "page.html"]]) {
    const both = await brain(["explain", intent, "--stage", "ir", ...more])
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("A stage is of the module, not of an answer")])
  }
})

test("an answer: the verdict, each word, what spoke most for it and against it, and a sum", async () => {
  const { code, out } = await brain([
    "explain",
    intent,
    "could you tell me",
    "where my parcel is and when it will arrive",
  ])
  expect(code).toBe(0)
  const lines = out.split("\n")
  expect(lines[0]).toMatch(/^\w+.* {2}\d+\.\d %, -?\d+\.\d\d bits of evidence of 9\.16 needed$/)
  expect(lines[2]).toMatch(/^could [+-]\d\.\d\d {2}you [+-]\d\.\d\d {2}tell/)
  expect(out).toMatch(/^ {2}bits for +flight_status +\w+$/m)
  const row = (sign: string): string => ` {2}“.+”.* \\${sign}\\d\\.\\d\\d +\\S+\n`
  const parts = `spoke for flight_status\n(${row("+")}){8}spoke against flight_status\n(${row("-")}){8}and the rest\n`
  expect(out).toMatch(new RegExp(parts))
  expect(out).toMatch(/^ {2}evidence: the sum +\+\d+\.\d\d +[+-]\d+\.\d\d$/m)
})
test("--json has every row, in whole numbers that sum to the logits; --all prints every row", async () => {
  const words = ["explain", intent, "where is my parcel", "--label", "package_tracking"]
  const refused = await brain([...words, "--json"])
  expect([refused.code, JSON.parse(refused.out).problems[0].code]).toEqual([1, "OB541"])
  const asked = ["explain", intent, "where is my parcel", "--label", "flight_status"]
  const found = JSON.parse((await brain([...asked, "--json"])).out)
  expect(found).toMatchObject({ text: "where is my parcel", nearest: null, unit: "1/256 bit" })
  expect(found.labels[0].label).toBe("flight_status")
  for (const i of [0, 1]) {
    const sum = found.rows.reduce((total: number, row: { contributions: number[] }) => total + row.contributions[i]!, 0)
    expect(sum + found.bias[i] + found.rounding[i]).toBe(found.labels[i].logit)
  }
  const all = (await brain([...asked, "--all"])).out
  expect(all.match(/^ {2}“/gm)!.length + Number(/(\d+) rows? that did neither/.exec(all)?.[1] ?? 0)).toBe(
    found.rows.length,
  )
})
test("--html writes one whole file beside what is there; - reads the text from standard input", async () => {
  const folder = temporary()
  const page = join(folder, "why.html")
  const { code, out } = await brain(["explain", intent, "-", "--html", page], { input: "where is <b>my</b>\nparcel\n" })
  expect([code, out.split("\n").at(-1)]).toEqual([0, `The page: ${page}`])
  expect(readFileSync(page, "utf8")).toMatch(/^<!doctype html>\n.*&#60;b&#62;.*<\/html>\n$/s)
  expect(readdirSync(folder)).toEqual(["why.html"])
  const same = JSON.parse(
    (await brain(["explain", intent, "-", "--json"], { input: "where is <b>my</b>\nparcel\n" })).out,
  )
  expect(same.text).toBe("where is <b>my</b>\nparcel")
  const nowhere = await brain(["explain", intent, "hi", "--html", join(folder, "no/why.html")])
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining("error[OB157]")])
  mkdirSync(join(folder, "taken"))
  const taken = await brain(["explain", intent, "hi", "--html", join(folder, "taken")])
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining("error[OB157]")])
  expect(readdirSync(folder)).toEqual(["taken", "why.html"])
})
