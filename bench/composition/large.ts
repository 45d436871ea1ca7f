/** A large brain: 50,000 lines in nested includes, with templates, as text and as the same content in plain data. */

/** One value of a brain: a route over a mood, eight lines. */
interface Value {
  readonly name: string
  readonly route: string
  readonly when: readonly { readonly labels: readonly string[]; readonly say: string }[]
}
interface Use {
  readonly name: string
  readonly from: string
  readonly with?: Readonly<Record<string, string>>
}
interface Brain {
  readonly brain: string
  readonly about: string
  readonly licence: string
  readonly takes: Readonly<Record<string, string>>
  readonly gives: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
  readonly uses: readonly Use[]
  readonly calls: readonly { readonly name: string; readonly part: string; readonly inputs: readonly string[] }[]
  readonly values: readonly Value[]
  readonly result: { readonly name: string; readonly of: readonly string[] }
}
export interface LargeFile {
  readonly path: string
  readonly include?: string
  readonly brains: readonly Brain[]
}
export interface Large {
  readonly files: readonly LargeFile[]
  /** Values that are worked out: what the language calls a node. */
  readonly nodes: number
}

const LABELS = ["calm", "angry", "busy", "late"]
const VALUES = 25 // of one brain

/** `nodes` values in brains of 25, over files of which each includes the one before; every fifth brain is a template. */
export function largeBrain(nodes: number, filesCount: number): Large {
  const brainsCount = Math.ceil(nodes / VALUES)
  const perFile = Math.ceil(brainsCount / filesCount)
  const files: LargeFile[] = []
  let made = 0
  for (let f = 0; f < filesCount; f++) {
    const brains: Brain[] = []
    for (let b = 0; b < perFile && made < brainsCount; b++, made++) brains.push(brainOf(made))
    files.push({ path: `part${f}.brain`, ...(f > 0 ? { include: `part${f - 1}.brain` } : {}), brains })
  }
  const uses = Array.from({ length: brainsCount }, (_, i): readonly Use[] =>
    isTemplate(i)
      ? ["Good day", "Hello"].map((tone, k) => ({ name: `desk_${i}_${k}`, from: `desk-${i}`, with: { tone } }))
      : [{ name: `desk_${i}`, from: `desk-${i}` }],
  ).flat()
  const main: Brain = {
    brain: "main",
    about: "All of them, one after another",
    licence: "CC0-1.0",
    takes: { message: "text up to 200 bytes" },
    gives: { reply: `text up to ${uses.length * 401} bytes` },
    parameters: {},
    uses,
    calls: uses.map(({ name }, i) => ({ name: `said_${i}`, part: name, inputs: ["message"] })),
    values: [],
    result: { name: "reply", of: uses.map((_, i) => `said_${i}`) },
  }
  return {
    files: [...files, { path: "main.brain", include: files.at(-1)!.path, brains: [main] }],
    nodes: brainsCount * VALUES,
  }
}
const isTemplate = (i: number): boolean => i % 5 === 4

function brainOf(i: number): Brain {
  const values = Array.from(
    { length: VALUES },
    (_, v): Value => ({
      name: `said_${v}`,
      route: "mood",
      when: [...LABELS, "unsure"].map((label, k) => ({
        labels: [label],
        say: `Answer ${k} of step ${v} in desk ${i}${v > 0 && k === 0 ? `, {word_${v}}` : ""}`,
      })),
    }),
  )
  return {
    brain: `desk-${i}`,
    about: `Desk number ${i} of a large company`,
    licence: "CC0-1.0",
    takes: { message: "text up to 200 bytes" },
    gives: { reply: "text up to 400 bytes" },
    parameters: isTemplate(i) ? { tone: "text up to 20 bytes" } : {},
    uses: [{ name: "judge", from: "./mood" }],
    calls: [
      { name: "mood", part: "judge", inputs: ["message"] },
      ...values.slice(1).map((_, v) => ({ name: `word_${v + 1}`, part: "judge", inputs: [`said_${v}`] })),
    ],
    values,
    result: {
      name: "reply",
      of: [...(isTemplate(i) ? ["tone"] : []), ...[20, 21, 22, 23, 24].map((v) => `said_${v}`)],
    },
  }
}

/** The same as the language writes it. */
export function textOf({ include, brains }: LargeFile): string {
  const lines: string[] = []
  if (include) lines.push(`include "${include}"`, "")
  for (const each of brains) lines.push(...linesOf(each), "")
  return lines.join("\n")
}
function linesOf(brain: Brain): readonly string[] {
  const ports = (word: string, all: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(all).map(([name, type]) => `  ${word} ${name}: ${type}`)
  return [
    `brain ${brain.brain} {`,
    `  about "${brain.about}"`,
    `  licence "${brain.licence}"`,
    ...ports("takes", brain.takes),
    ...ports("gives", brain.gives),
    ...ports("parameter", brain.parameters),
    ...brain.uses.map(({ name, from, with: given }) => {
      const values = Object.entries(given ?? {}).map(([key, value]) => `${key} "${value}"`)
      return `  use ${name} from ${from.startsWith(".") ? `"${from}"` : from}${given ? ` with { ${values.join(" ")} }` : ""}`
    }),
    ...brain.calls.map(({ name, part, inputs }) => `  ${name} is ${part} of ${inputs.join(" and ")}`),
    ...brain.values.flatMap(({ name, route, when }) => [
      `  ${name} is route ${route} {`,
      ...when.map(({ labels, say }) => `    when ${labels.join(" or ")}: "${say}"`),
      "  }",
    ]),
    `  ${brain.result.name} is "${brain.result.of.map((name) => `{${name}}`).join(" ")}"`,
    "}",
  ]
}
/** The labels of the one net that it uses. */
export const LARGE_LABELS = LABELS
