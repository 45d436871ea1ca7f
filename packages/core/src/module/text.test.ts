import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { type Digest, digest } from "../base/digest.ts"
import { Refusal } from "../base/problem.ts"
import type { Manifest } from "./manifest.ts"
import { parseManifest, parseModule, printManifest } from "./text.ts"
import { isPartName } from "./values.ts"

const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)
const docs = join(import.meta.dirname, "../../../../docs")

const HELPDESK: Manifest = {
  kind: "net",
  name: "helpdesk",
  about: "Twelve intents of a small shop's help desk",
  licence: "CC0-1.0",
  takes: { name: "message", type: "text", bytesMax: 1024 },
  gives: { name: "intent", type: "label", labels: ["account_login", "two words"] },
  unsureBelow: 2624,
  built: {
    operations: 1,
    seed: 1,
    data: [{ name: "examples.jsonl", digest: digest("examples") }],
    base: { name: "intent", digest: digest("base") },
  },
  parts: { "graph.json": digest("graph"), "weights.safetensors": digest("weights") },
}
const TEXT = printManifest(HELPDESK)

const codesOf = (
  source: string,
  parse: (source: string, file: string) => unknown = parseManifest,
): readonly string[] => {
  try {
    parse(source, "module.brain")
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}
const messageOf = (source: string): string => {
  try {
    parseManifest(source, "module.brain")
    return ""
  } catch (error) {
    return error instanceof Refusal ? error.message : `no Refusal: ${error}`
  }
}

test("a manifest is read aloud", () => {
  expect(TEXT.replace(/sha256:[0-9a-f]{64}/g, "sha256:…")).toBe(`net helpdesk {
  about "Twelve intents of a small shop's help desk"
  licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives intent: label {
    account_login
    "two words"
  }
  unsure below 10.25 bits
  built {
    operations 1
    seed 1
    data "examples.jsonl" sha256:…
    base "intent" sha256:…
  }
  part "graph.json" sha256:…
  part "weights.safetensors" sha256:…
}
`)
})

// What published modules rely on: a change of the text changes the digest of every module.
test("the digest of a manifest stays", () => {
  expect(digest(TEXT)).toBe("sha256:b39ad18733006b028945304d3d58fb637c89c98a17e5cb7c141a24f55295ac64")
})

const line = (max: number): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom('"', "\\", "{", "#", "é", "\u202e", "‍", "😀", " "),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
      ),
      minLength: 1,
      maxLength: 40,
    })
    .filter((text) => text.trim() !== "" && text.length <= max && !/\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(text))
const anyDigest: fc.Arbitrary<Digest> = fc.nat().map((n) => digest(`${n}`))
const named = fc.record({ name: line(256), digest: anyDigest })
const portName = fc.oneof(fc.constantFrom("sha256", "label", "net"), fc.stringMatching(/^[a-z][a-z0-9_]{0,63}$/))
const partName = fc.oneof(
  fc.constantFrom("graph.json", "__proto__", "constructor", "1", "README.md"),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/).filter(isPartName),
)
const manifests: fc.Arbitrary<Manifest> = fc.record({
  kind: fc.constant("net" as const),
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/),
  about: line(200),
  licence: fc.constantFrom(
    "MIT",
    "CC0-1.0",
    "(MIT OR Apache-2.0) AND GPL-2.0+ WITH Classpath-exception-2.0",
    "LicenseRef-own",
  ),
  takes: fc.record({
    name: portName,
    type: fc.constant("text" as const),
    bytesMax: fc.integer({ min: 1, max: 2 ** 20 }),
  }),
  gives: fc.record({
    name: portName,
    type: fc.constant("label" as const),
    labels: fc.uniqueArray(fc.oneof(line(256), fc.constantFrom("yes", "part", "sha256", "__proto__")), {
      minLength: 1,
    }),
  }),
  unsureBelow: fc.integer({ min: -32_768, max: 32_767 }),
  built: fc
    .record({
      operations: fc.integer({ min: 1, max: 65_535 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      data: fc.uniqueArray(named, { selector: ({ name }) => name, maxLength: 5 }),
      base: fc.option(named, { nil: undefined }),
    })
    .map(({ base, ...built }) => (base === undefined ? built : { ...built, base })),
  parts: fc
    .uniqueArray(fc.tuple(partName, anyDigest), { selector: ([name]) => name.toLowerCase() })
    .map((parts) => Object.fromEntries(parts)),
})

test(`what is printed is read as it was, and printed again the same (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const text = printManifest(manifest)
      const again = parseManifest(text, "module.brain")
      expect(again).toEqual(manifest)
      expect(printManifest(again)).toBe(text)
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test("order, comments, line ends, white space and a byte order mark make no difference", () => {
  const [head, ...members] = TEXT.trimEnd()
    .slice(0, -1)
    .split(/\n {2}(?=\w)/)
  const turned = `\ufeff# a note\n${head}\n${members.reverse().join(" # why\n\t")}\n}`.replaceAll("\n", "\r\n")
  expect(printManifest(parseManifest(turned, "module.brain"))).toBe(TEXT)
  expect(printManifest(parseManifest(TEXT.replaceAll(/\n\s*/g, " "), "module.brain"))).toBe(TEXT)
})

test("all mistakes are told at once, each where it is, with what mends it", () => {
  const source = TEXT.replace("about", "abuot").replace("1024", "01024").replace("10.25 bits", "10.3 bits")
  expect(messageOf(source)).toBe(`error[OB106]: \`abuot\` is no member of \`net\`.
 --> module.brain:2:3
  |
2 |   abuot "Twelve intents of a small shop's help desk"
  |   ^^^^^
hint: Did you mean \`about\`? Known: about, licence, takes, gives, unsure, built, part.

error[OB111]: \`01024\` is no whole number from 1 to 1048576.
 --> module.brain:4:29
  |
4 |   takes message: text up to 01024 bytes
  |                             ^^^^^
hint: Write it in plain digits, like this: takes message: text up to 1024 bytes

error[OB111]: \`10.3\` is no multiple of 1/256 from -128 to 127.99609375.
 --> module.brain:9:16
  |
9 |   unsure below 10.3 bits
  |                ^^^^
hint: Write the nearest one in plain digits, like this: unsure below 10.30078125 bits`)
})

test("a text cannot smuggle in another member", () => {
  for (const about of ['x"\n  seed 2\n#', "x\u2028y", "a\nb", "\ud800"])
    expect(() => printManifest({ ...HELPDESK, about })).toThrow(Refusal)
  expect(() => printManifest({ ...HELPDESK, name: 'a { about "b"' })).toThrow("OB109")
  expect(() => printManifest({ ...HELPDESK, unsureBelow: Number.NaN })).toThrow(Refusal)
  expect(() => printManifest({ ...HELPDESK, parts: { "a.json": "sha256:0\n}" as Digest } })).toThrow("OB114")
  const two = `${digest("a")}\n  part "b.json" ${digest("b")}` as Digest
  expect(() => printManifest({ ...HELPDESK, parts: { "a.json": two } })).toThrow(Refusal)
  expect(() => printManifest({ ...HELPDESK, about: "a\nb" })).toThrow("OB110")
  expect(() => printManifest({ ...HELPDESK, parts: { "../a": digest("") } })).toThrow("OB115")
  // A character that turns the direction of writing is shown by its number, so that the text reads as it is.
  expect(printManifest({ ...HELPDESK, about: "a\u202eb" })).toContain('about "a\\u{202e}b"')
})

test("what cannot be seen is refused wherever it stands", () => {
  for (const hidden of ["\0", "\u001b", "\r", "\u0085", "\u202e", "\u2066", "\u2028", "\ufeff", "\ud800"]) {
    expect(codesOf(TEXT.replace("Twelve", `Tw${hidden}elve`))).toEqual(["OB101"])
    expect(codesOf(TEXT.replace("{", `{ # a${hidden}note`))).toEqual(["OB101"])
    expect(codesOf(TEXT.replace("takes", `${hidden}takes`))).toEqual(["OB101"])
  }
})

test.each([
  "..",
  ".",
  "a/b",
  "a\\b",
  "a\0b",
  "/a",
  "module.brain",
  "Module.Brain",
  "",
  "a..b",
  ".hidden",
  "a.",
  "a b",
  "é",
  "CON",
  "nul.txt",
  "com1.tar.gz",
  "a:b",
  "x".repeat(101),
])("%j is no name of a part", (name) => {
  expect(isPartName(name)).toBe(false)
})

test("named limits hold", () => {
  const labels = (count: number): string =>
    TEXT.replace(/account_login/, Array.from({ length: count }, (_, i) => `l${i}`).join("\n"))
  expect(codesOf(labels(9999))).toEqual([])
  expect(codesOf(labels(10_000))).toEqual(["OB113"])
  const parts = (count: number): string =>
    TEXT.replace(/\n}\n$/, `${Array.from({ length: count }, (_, i) => `\npart "p${i}" ${digest("")}`).join("")}\n}\n`)
  expect(codesOf(parts(998))).toEqual([])
  expect(codesOf(parts(9000))).toEqual(["OB113"])
  expect(codesOf(TEXT.replace("helpdesk", "h".repeat(64)))).toEqual([])
  expect(codesOf(TEXT.replace("helpdesk", "h".repeat(65)))).toEqual(["OB109"])
  expect(codesOf(" ".repeat(2 ** 20) + TEXT)).toEqual(["OB100"])
})

const pieces = fc.constantFrom(
  ...(TEXT.match(/sha256:[0-9a-f]+|\w+|\s+|[^\w\s]/g) ?? []),
  "\\",
  '"',
  "\r",
  "\0",
  "\ud800",
  "\u202e",
  "#",
  ",",
  "{",
  "}",
  "1e9",
  "-0",
  "\\u{",
)
const mutations = fc
  .array(fc.tuple(fc.nat(TEXT.length), fc.nat(30), fc.oneof(fc.string(), pieces)), { minLength: 1, maxLength: 5 })
  .map((edits) => edits.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), TEXT))

test(`a stranger's text gives a manifest or a Refusal, and what is read is printed (SEED=${SEED})`, () => {
  const sources = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pieces, { maxLength: 200 }).map((all) => all.join("")),
    mutations,
  )
  fc.assert(
    fc.property(sources, (source) => {
      if (codesOf(source).length === 0) printManifest(parseManifest(source, "module.brain"))
    }),
    { seed: SEED, numRuns: 1000 },
  )
})

test("no quarter of a megabyte takes long", () => {
  const quarter = (text: string): string => text.repeat(Math.floor(2 ** 18 / text.length))
  const starts = ["", "net a {", "net a { gives b: label {", "net a {\nabout ", "net a { built {", 'net a {\nabout "']
  const bodies = [
    "{",
    "}",
    "a ",
    "a\n",
    '"',
    '"\n',
    "\\",
    "\\\n",
    '\\"',
    "#\n",
    " ",
    "\n",
    "\r",
    "\0",
    "\u202e",
    "1",
    "sha256:0 ",
    "a{",
    "a",
    "\\u{1}",
    ",",
    "😀",
    `part "a" ${digest("")}\n`,
  ]
  for (const start of starts)
    for (const body of bodies) {
      const before = performance.now()
      codesOf(start + quarter(body))
      expect(performance.now() - before, JSON.stringify(start + body)).toBeLessThan(750)
    }
})

const pages = readdirSync(join(docs, "errors")).filter((page) => /^OB1[012]\d\.md$/.test(page))
test.each(pages)("docs/errors/%s: the broken example gives this code alone, the mended one is read", (page) => {
  const text = readFileSync(join(docs, "errors", page), "utf8")
  const [broken, mended] = [...text.matchAll(/```brain\n([\s\S]*?)```/g)].map(([, source]) => expand(source!))
  const parse = page === "OB120.md" ? parseManifest : parseModule
  expect(codesOf(broken!, parse)).toEqual([page.slice(0, -3)])
  expect(codesOf(mended!, parse)).toEqual([])
})
test("each code has a page", () => {
  const sources = ["text.ts", "values.ts", "lexer.ts", "block.ts", "build.ts", "data_set.ts"].map((file) =>
    readFileSync(join(import.meta.dirname, file), "utf8"),
  )
  const codes = new Set(
    sources
      .join()
      .match(/"OB1\d+"/g)
      ?.map((code) => `${code.slice(1, -1)}.md`),
  )
  expect([...codes].sort()).toEqual(pages)
})
test("the examples of docs/formats/module.md are canonical", () => {
  const page = readFileSync(join(docs, "formats/module.md"), "utf8")
  const sources = [...page.matchAll(/```brain\n([\s\S]*?)```/g)].map(([, source]) => source!)
  expect(sources.map((source) => printManifest(parseModule(source, "module.md")))).toEqual(sources)
  expect(sources).toHaveLength(3)
})

/** Pages show `«text × count»` for what would be too long to read, and `␀` for a character that cannot be seen. */
const expand = (source: string): string =>
  source
    .replace(/«([^×]*) × (\d+)»/g, (_, text: string, count: string) => text.repeat(Number(count)))
    .replaceAll("␀", "\0")
