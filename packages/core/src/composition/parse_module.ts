import { block, put } from "../module/block.ts"
import type { Lexer, Token } from "../module/lexer.ts"
import {
  address,
  choice,
  digestValue,
  evidence,
  LIMITS,
  licence,
  line,
  partName,
  relativePath,
  type Value,
} from "../module/values.ts"
import { unfitBenchmark } from "./benchmark.ts"
import { modulePort } from "./parse_type.ts"
import { type BenchmarkItems, type Declaration, type Limits, METRICS } from "./parts.ts"
import { decimal, SIZE, sentence, TIME, takes, withUnit } from "./read.ts"
import type { LimitSyntax, Word } from "./syntax.ts"
import type { Port } from "./types.ts"

type Draft = Record<string, unknown>
const TAKES = "takes message: text up to 1024 bytes"
const EXAMPLES: Readonly<Record<string, string>> = {
  about: 'about "What it is good for"',
  licence: 'licence "CC0-1.0"',
  takes: TAKES,
  gives: "gives reply: text up to 400 bytes",
  runs: 'runs "shorten.js" as javascript',
  endpoint: 'endpoint "https://example.org/v1/chat/completions" as chat',
  limits: "limits { latency 100 ms }",
  data: 'data "questions.csv"',
  generates: 'generates "questions.js" as javascript',
  metric: "metric accuracy",
  bound: "bound at least 0.9",
}
const NEEDED = {
  net: ["about", "licence", "takes", "gives"],
  code: ["about", "licence", "takes", "gives", "runs", "limits"],
  remote: ["about", "licence", "takes", "gives", "endpoint", "limits"],
  benchmark: ["about", "licence", "takes", "gives", "metric", "bound"],
} as const

/** The members of a module that a brain's text declares, after its kind and name. Errors: OB105 to OB118, OB122, OB603, OB750. */
export function moduleDeclaration(lexer: Lexer, kind: keyof typeof NEEDED, name: Word): Value<Declaration> {
  const draft: Draft = { kind, name: name.text }
  const ins: Port[] = []
  const outs: Port[] = []
  const benchmarks: string[] = []
  const file = (member: string, example: string): boolean => put(draft, member, relativePath(lexer, example))
  const common = {
    about: () => put(draft, "about", line(lexer, "The line about it", LIMITS.about, EXAMPLES["about"]!)),
    licence: () => put(draft, "licence", licence(lexer)),
    takes: () => addPort(lexer, ins, TAKES),
    gives: () => addPort(lexer, outs, EXAMPLES["gives"]!),
    benchmark: () => {
      const found = line(lexer, "The benchmark", LIMITS.dataName, 'benchmark "open/helpdesk-questions"')
      return found !== undefined && benchmarks.push(found) > 0
    },
  }
  const members = {
    net: {
      ...common,
      in: () => put(draft, "in", line(lexer, "The folder", LIMITS.dataName, 'in "./desk"')),
      base: () => base(lexer, draft),
      recipe: () => file("recipe", 'recipe "recipe.json"'),
      data: () => put(draft, "data", line(lexer, "The data set", LIMITS.dataName, 'data "trec"')),
      unsure: () => sentence(lexer, "below", "unsure below 10.25 bits") && put(draft, "unsureBelow", evidence(lexer)),
    },
    code: {
      ...common,
      in: () => put(draft, "in", line(lexer, "The folder", LIMITS.dataName, 'in "./parts"')),
      runs: () => runs(lexer, draft),
      limits: () => limits(lexer, draft),
    },
    remote: {
      ...common,
      endpoint: () => endpoint(lexer, draft),
      model: () => put(draft, "model", line(lexer, "The model", LIMITS.dataName, 'model "small-1"')),
      prompt: () => put(draft, "prompt", line(lexer, "The prompt", 4000, 'prompt "Answer in one sentence: {message}"')),
      key: () => sentence(lexer, "from", KEY) && put(draft, "keyFrom", line(lexer, "The variable", 64, KEY)),
      price: () => price(lexer, draft),
      limits: () => limits(lexer, draft),
    },
    benchmark: {
      about: common.about,
      licence: common.licence,
      takes: common.takes,
      gives: common.gives,
      data: () => items(lexer, draft, name, () => data(lexer)),
      generates: () => items(lexer, draft, name, () => generator(lexer)),
      metric: () => put(draft, "metric", choice(lexer, METRICS, EXAMPLES["metric"]!)),
      bound: () =>
        sentence(lexer, "at least", EXAMPLES["bound"]!) &&
        put(draft, "bound", decimal(lexer, 0, 1, EXAMPLES["bound"]!)),
      cost: () => put(draft, "costMs", withUnit(lexer, TIME, "cost 1 ms")),
    },
  }[kind]
  const isClosed = block(lexer, kind, NEEDED[kind], ["takes", "gives", "benchmark"], members, EXAMPLES)
  const whole = { ...draft, takes: ins, gives: outs, benchmarks } as unknown as Declaration // or it was reported
  if (isClosed && whole.kind === "benchmark") {
    const found = unfitBenchmark(whole)
    if (found !== undefined) lexer.report(name, "OB750", `${found.seen}.`, found.hint)
  }
  return whole
}
const KEY = 'key from "SHOP_API_KEY"'

function items(lexer: Lexer, draft: Draft, name: Word, read: () => Value<BenchmarkItems>): boolean {
  const isSecond = draft["items"] !== undefined
  if (!put(draft, "items", read())) return false
  if (isSecond)
    lexer.report(
      name,
      "OB750",
      `\`${name.text}\` has both \`data\` and \`generates\`.`,
      "Keep one of the two: a benchmark has one source of items.",
    )
  return true
}
function data(lexer: Lexer): Value<BenchmarkItems> {
  const file = partName(lexer, EXAMPLES["data"]!)
  return file === undefined ? undefined : { from: "data", file }
}
function generator(lexer: Lexer): Value<BenchmarkItems> {
  const example = `${EXAMPLES["generates"]} with limits { latency 100 ms }`
  const draft: Draft = { from: "generator", limits: {} }
  if (!runs(lexer, draft, example)) return undefined
  if (takes(lexer, "with") && !(sentence(lexer, "limits", example) && limits(lexer, draft))) return undefined
  return draft as unknown as BenchmarkItems
}

function addPort(lexer: Lexer, ports: Port[], example: string): boolean {
  const token = lexer.peek()
  const found = modulePort(lexer, example)
  if (found === undefined) return false
  if (ports.some(({ name }) => name === found.name))
    lexer.report(token, "OB603", `There is a port \`${found.name}\` already.`, "Give one of the two another name.")
  ports.push(found)
  return true
}

function base(lexer: Lexer, draft: Draft): boolean {
  const name = line(lexer, "The base", LIMITS.dataName, 'base "intent"')
  if (name === undefined) return false
  const digest = lexer.peek().kind === "digest" ? digestValue(lexer) : undefined
  draft["base"] = { name, ...(digest ? { digest } : {}) }
  return true
}
function runs(lexer: Lexer, draft: Draft, example = EXAMPLES["runs"]!): boolean {
  return (
    put(draft, "file", partName(lexer, example)) &&
    sentence(lexer, "as", example) &&
    put(draft, "language", choice(lexer, ["javascript", "wasm"], example))
  )
}
function endpoint(lexer: Lexer, draft: Draft): boolean {
  const example = EXAMPLES["endpoint"]!
  return (
    put(draft, "endpoint", address(lexer, example)) &&
    sentence(lexer, "as", example) &&
    put(draft, "protocol", choice(lexer, ["chat", "http"], example))
  )
}
function price(lexer: Lexer, draft: Draft): boolean {
  const example = "price 0.6 per million tokens"
  return (
    put(draft, "pricePerMillionTokens", decimal(lexer, 0, 1e6, example)) &&
    sentence(lexer, "per million tokens", example)
  )
}
function limits(lexer: Lexer, draft: Draft): boolean {
  const found = limitBlock(lexer, "limits")
  if (found === undefined) return false
  const names = {
    latency: "latencyMs",
    memory: "memoryBytes",
    flash: "flashBytes",
    output: "outputBytes",
    cost: "cost",
  }
  draft["limits"] = Object.fromEntries(found.map(({ what, amount }) => [names[what], amount])) satisfies Limits
  return true
}

/** `{ latency 2 ms memory 4 MB }`: of a module's answer, or of a brain's. */
export function limitBlock(lexer: Lexer, what: "limits" | "budget"): Value<readonly LimitSyntax[]> {
  const found: LimitSyntax[] = []
  const read =
    (name: LimitSyntax["what"], value: () => Value<number>, hasUnit = true) =>
    ({ start }: Token) => {
      const { end } = hasUnit ? lexer.after() : lexer.peek()
      const amount = value()
      if (amount !== undefined) found.push({ what: name, amount, start, end })
      return amount !== undefined
    }
  const size = (name: "memory" | "flash" | "output") => read(name, () => withUnit(lexer, SIZE, `${name} 4 MB`))
  const members = {
    latency: read("latency", () => withUnit(lexer, TIME, "latency 2 ms")),
    memory: size("memory"),
    flash: size("flash"),
    ...(what === "limits" ? { output: size("output") } : {}),
    cost: read("cost", () => decimal(lexer, 0, 1e6, "cost 0.01"), false),
  }
  return block(lexer, what, [], [], members, {}) ? found : undefined
}
