import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { expect, test } from "vitest"
import { codeOnly, importsOf } from "./source.ts"
import { repository } from "./testing.ts"
import { COMPILE_LINES_MAX, complaints, LINES_MAX } from "./tidy.ts"
import { CORE_MAY_IMPORT, forbiddenImports, isMisplaced, PACKAGE_MAY_IMPORT } from "./walls.ts"

/** Every text file of the repository, read once. */
const FILES = new Map(walk("").map((path) => [path, readFileSync(join(repository, path), "utf8")]))

function walk(folder: string): readonly string[] {
  const notOurs = ["node_modules", ".git", ".node", ".cache", "desk", "scratch", "coverage", "test-results"]
  const isText = /(?:^|\/)[^.]+$|\.(?:ts|tsx|js|json|jsonc|md|sh|c|h|css|html|brain|txt|yml)$/
  return readdirSync(join(repository, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return notOurs.includes(entry.name) ? [] : walk(path)
    return entry.isFile() && isText.test(path) ? [path] : []
  })
}

function dependenciesOf(folder: string): readonly string[] {
  const description = FILES.get(`${folder}/package.json`)
  if (description === undefined) return []
  const { dependencies, devDependencies } = JSON.parse(description) as {
    readonly dependencies?: Readonly<Record<string, string>>
    readonly devDependencies?: Readonly<Record<string, string>>
  }
  // The benchmarks' peers are for developers only; elsewhere what runs must be a dependency.
  return Object.keys({ ...dependencies, ...(folder === "bench" ? devDependencies : {}) })
}

test("every file of the repository is tidy", () => {
  expect(FILES.size).toBeGreaterThan(10)
  const found = [...FILES].flatMap(([path, text]) => complaints(path, text).map((complaint) => `${path}: ${complaint}`))
  expect(found).toEqual([])
})

test("no file imports over a wall", () => {
  const dependencies = new Map(Object.keys(PACKAGE_MAY_IMPORT).map((folder) => [folder, dependenciesOf(folder)]))
  const found = [...FILES].flatMap(([path, text]) => {
    if (!path.endsWith(".ts")) return []
    const home = [...dependencies.keys()].find((folder) => path.startsWith(`${folder}/`))
    return forbiddenImports(path, text, dependencies.get(home ?? "")).map((target) => `${path} imports ${target}`)
  })
  expect(found).toEqual([])
})

test("every file of core stands in a folder of the house", () => {
  expect([...FILES.keys()].filter(isMisplaced)).toEqual([])
})

/** As a page shows them: what stands in code is no link. */
const linksOf = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
const anchorsOf = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  )

test("every link of a page leads to a file that is there, and to a heading of it", () => {
  const pages = [...FILES].filter(([path]) => path.endsWith(".md"))
  expect(pages.length).toBeGreaterThan(50)
  const broken = pages.flatMap(([path, text]) =>
    linksOf(text).flatMap((link) => {
      if (/^[a-z]+:/.test(link)) return []
      const [target = "", anchor] = link.split("#")
      const place = target === "" ? path : normalize(join(dirname(path), target))
      if (!existsSync(join(repository, place))) return [`${path}: ${link}`]
      const page = FILES.get(place)
      return anchor === undefined || page === undefined || anchorsOf(page).includes(anchor) ? [] : [`${path}: ${link}`]
    }),
  )
  expect(broken).toEqual([])
})

test("a test of core that replaces a module has a process of its own", () => {
  const replacing = [...FILES].filter(
    ([path, text]) => /^packages\/core\/.*\.test\.ts$/.test(path) && /\bvi\.(?:do)?[mM]ock\(/.test(text),
  )
  const alone = /const ALONE = \[(.*)\]/.exec(FILES.get("vitest.config.ts")!)![1]
  expect(replacing.map(([path]) => `"${path}"`).join(", ")).toBe(alone)
})

test("core depends on nothing", () => {
  const core = JSON.parse(FILES.get("packages/core/package.json")!)
  expect(Object.keys(core).filter((key) => /dependencies$/i.test(key))).toEqual([])
})

test("users never install what only benchmarks need", () => {
  const ours = Object.keys(JSON.parse(FILES.get("bench/package.json")!).dependencies ?? {})
  expect(ours.filter((name) => name !== "open-brains" && !name.startsWith("@open-brains/"))).toEqual([])
})

test("the lock file names no registry and knows every platform", () => {
  const { packages } = JSON.parse(FILES.get("package-lock.json")!) as {
    readonly packages: Readonly<
      Record<string, { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
    >
  }
  const resolved = Object.values(packages).flatMap((entry) => entry.resolved ?? [])
  expect(resolved.filter((address) => address.includes(":"))).toEqual([])
  // npm leaves out, without a word, what its registry does not have, and refuses that very lock file when it installs.
  const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  const locked = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ""))
  expect(optional.filter((name) => !locked.includes(name))).toEqual([])
})

test("data flows one way: each folder imports only what stands above it", () => {
  const above = new Set<string>()
  for (const [folder, imports] of Object.entries(CORE_MAY_IMPORT)) {
    expect(
      imports.filter((name) => !above.has(name)),
      folder,
    ).toEqual([])
    above.add(folder)
  }
})

test("every way to import is seen, and what only looks like one is not", () => {
  const source = [
    `import one from "./one.ts"`,
    `import type { Two } from './two.ts'`,
    "import {\n  three, // from nowhere\n} from\n  './three.ts'",
    `export { four } from "./four.ts"`,
    `export * from "./five.ts"`,
    `import "./six.ts"`,
    `const seven = await import("./seven.ts")`,
    `type Eight = import("./eight.ts").Eight`,
    "const nine = await import(`./nine.ts`)",
    "const computed = await import(name)",
    `const shown = 'import x from "./shown.ts"'`,
    `// import x from "./comment.ts"`,
    `/* export * from "./comment.ts" */`,
    `const quote = /["'\`]/.test(text) // and on: from "./none.ts"`,
    "const url = import.meta.url",
  ].join("\n")
  const names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
  expect(importsOf(source)).toEqual([...names.map((name) => `./${name}.ts`), undefined])
  expect(codeOnly(source)).toHaveLength(source.length)
})

test.each([
  ["a folder against the flow", "packages/core/src/base/a.ts", `import "../ir/program.ts"`],
  ["a type counts as much", "packages/core/src/ir/a.ts", `import type { Graph } from "../graph/graph.ts"`],
  ["one target from another", "packages/core/src/emit/wasm/a.ts", `export * from "../c99/emit.ts"`],
  ["a target from what targets share", "packages/core/src/emit/a.ts", `import "./wasm/emit.ts"`],
  ["all stages, from what they are made of", "packages/core/src/nn/a.ts", `import "../compile.ts"`],
  ["Node in core", "packages/core/src/base/a.ts", `const fs = await import("node:fs")`],
  ["a package in core", "packages/core/src/base/a.ts", `import "commander"`],
  ["out of core", "packages/core/src/base/a.ts", `import "../../../brain/src/main.ts"`],
  ["a computed import in core", "packages/core/src/run/a.ts", "await import(name)"],
  ["core by its path", "packages/brain/src/a.ts", `import "../../core/src/base/shape.ts"`],
  ["a package that is not a dependency", "packages/brain/src/a.ts", `import "left-pad"`],
  ["the command from the page", "packages/studio/src/a.ts", `import "open-brains"`],
  ["Node in the page", "packages/studio/src/a.ts", `import "node:fs"`],
])("over a wall: %s", (_, path, source) => {
  expect(
    forbiddenImports(
      path,
      source,
      ["commander", "@open-brains/core", "open-brains"].slice(path.includes("core") ? 3 : 0),
    ),
  ).toHaveLength(1)
})

test.each([
  ["packages/core/src/lower/a.ts", `import { shape } from "../base/shape.ts"\nimport "./plan.ts"`],
  ["packages/core/src/emit/wasm/a.ts", `import "../text.ts"\nimport "./binary.ts"\nimport "../../ir/program.ts"`],
  [
    "packages/core/src/compile.ts",
    `import "./emit/wasm/emit.ts"\nimport "./emit/c99/emit.ts"\nimport "./base/shape.ts"`,
  ],
  ["packages/core/src/run/a.ts", `import { compile } from "../compile.ts"`],
  ["packages/core/src/base/a.test.ts", `import "node:fs"\nimport "../emit/wasm/emit.ts"`],
  [
    "packages/brain/src/commands/a.ts",
    `import "node:fs"\nimport "@open-brains/core/base/shape.ts"\nimport "../main.ts"`,
  ],
  ["bench/a.ts", `import "open-brains"\nimport "@open-brains/core/compile.ts"\nimport "../scripts/testing.ts"`],
])("within the walls: %s", (path, source) => {
  expect(forbiddenImports(path, source, ["open-brains", "@open-brains/core"])).toEqual([])
})

test("a file of core in no folder of the table is misplaced", () => {
  expect(
    ["utils/a.ts", "index.ts", "ir.ts", "compile/a.ts"].filter((path) => !isMisplaced(`packages/core/src/${path}`)),
  ).toEqual([])
  expect(
    ["ir/a.ts", "compile.ts", "emit/wasm/a.ts", "all.test.ts"].filter((path) =>
      isMisplaced(`packages/core/src/${path}`),
    ),
  ).toEqual([])
})

test.each([
  ["any", "const a: any = 1"],
  ["any", "const a = b as any"],
  ["any", "const a: Array<any> = []"],
  ["any", "const a: Record<string, any[]> = {}"],
  ["any", "const a: Record<string, any> = {}"],
  ["any", "type A = any"],
  ["any", "type A = () => any"],
  ["enum", "export const enum Colour { red }"],
  ["enum", "enum Colour { red }"],
  ["Math.random", "const a = Math.random()"],
  ["unfinished", `// ${"TO"}${"DO"}: later`],
  ["unfinished", `// ${"FIX"}${"ME"} later`],
  ["machine", `const a = "${["", "home", "someone", "a"].join("/")}"`],
  ["machine", `// see ${["", "Users", "someone"].join("/")}`],
])("untidy: %s in %j", (word, source) => {
  expect(complaints("packages/core/src/base/a.ts", source).join()).toContain(word)
})

test.each([
  "const first = await Promise.any(all)",
  `const text = "any enum Math.random()" // any enum`,
  "const company = many",
  "const any = tree(1)\nreturn clamp(any, 0, any.length)",
  "const match = { any: 1, enum: 2 }",
  "const path = `here/home/a`",
])("tidy: %j", (source) => {
  expect(complaints("packages/core/src/base/a.ts", source)).toEqual([])
})

test("a long file says why at its top", () => {
  const lines = "const a = 1\n".repeat(LINES_MAX)
  const reason = "// This file is long because the table is.\n"
  expect(complaints("bench/a.ts", lines)).toEqual([])
  expect(complaints("bench/a.ts", `${lines}//\n`)).toEqual(["501 lines, and the top does not say why"])
  expect(complaints("bench/a.ts", reason + lines)).toEqual([])
  expect(complaints("bench/a.ts", lines + reason)).toHaveLength(1)
})

test("compile.ts stays short", () => {
  const path = "packages/core/src/compile.ts"
  expect(complaints(path, "const a = 1\n".repeat(COMPILE_LINES_MAX))).toEqual([])
  expect(complaints(path, "const a = 1\n".repeat(COMPILE_LINES_MAX + 1))).toEqual(["100 lines"])
})
