/**
 * ./brain and ./check in a tree of their own, with a `node` and an `npm` that only say what they were asked: whatever
 * the machine has, the launchers see Node 20, Node 26 or none. Fetching for real is what every fresh clone does.
 */
import { spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { findProgram, missingProgram, repository, requireOrSkip } from "./testing.ts"

const SCRIPTS = ["brain", "check", "scripts/runtime.sh"]
/** All that the launchers may call. */
const PROGRAMS = ["cmp", "cp", "head", "ln", "ls", "mkdir", "mv", "ps", "readlink", "rm", "sh", "sleep", "uname"]
const MAIN =
  "console.log(JSON.stringify({ words: process.argv.slice(2), options: process.env.NODE_OPTIONS ?? null }))\n"
const NPM = `#!/bin/sh
echo "$1 $(node --version) $*" >>"$NPM_LOG"
sleep "\${NPM_SECONDS-0}"
if [ -n "\${NPM_FAILS-}" ]; then echo "npm error network" >&2; exit 1; fi
case $1 in
  install)
    for last; do :; done
    mkdir -p "$3/node_modules/\${last%@*}/bin"
    ln -s ${JSON.stringify(process.execPath)} "$3/node_modules/\${last%@*}/bin/node" ;;
  ci) rm -rf node_modules; mkdir node_modules ;;
esac
`
const nodeOf = (version: string): string => `#!/bin/sh
case "$*" in
  '-p process.execPath') echo "$0" ;;
  '-p process.versions.node') echo ${version} ;;
  --version) echo v${version} ;;
  *) exec ${JSON.stringify(process.execPath)} "$@" ;;
esac
`

const trees: string[] = []
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true })
})

type Tree = {
  readonly root: string
  /** Puts a program on PATH. */
  readonly put: (name: string, text: string) => void
  readonly environment: NodeJS.ProcessEnv
  /** What npm was asked, without the paths. */
  readonly asked: () => readonly string[]
}

function plant(): Tree {
  const folder = mkdtempSync(join(tmpdir(), "open brains "))
  trees.push(folder)
  const [root, bin, log] = [join(folder, "a tree"), join(folder, "bin"), join(folder, "npm.log")]
  for (const path of ["scripts", "packages/brain/src"]) mkdirSync(join(root, path), { recursive: true })
  for (const path of SCRIPTS) copyFileSync(join(repository, path), join(root, path))
  for (const path of ["packages/brain/src/main.ts", "scripts/check.ts"]) writeFileSync(join(root, path), MAIN)
  writeFileSync(join(root, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(root, "package-lock.json"), "{}")
  mkdirSync(bin)
  for (const name of PROGRAMS) symlinkSync(findProgram(name)!, join(bin, name))
  writeFileSync(log, "")
  const put = (name: string, text: string): void => {
    rmSync(join(bin, name), { force: true })
    writeFileSync(join(bin, name), text)
    chmodSync(join(bin, name), 0o755)
  }
  const asked = () =>
    readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" --")[0]!)
  return { root, put, asked, environment: { PATH: bin, NPM_LOG: log } }
}

function start(tree: Tree, name: "brain" | "check", words: readonly string[] = [], more: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(join(tree.root, name), words, {
    cwd: tmpdir(),
    env: { ...tree.environment, ...more },
    encoding: "utf8",
  })
  return { status, stdout, stderr }
}

const INSTALL = /^install v\S+ install$/
const CI = /^ci v26\.\S+ ci$/
const OUTPUT = `{"words":[],"options":null}\n`

test.for(["sh", "dash", "bash"])("%s can read the launchers", (shell, context) => {
  requireOrSkip(context, missingProgram(shell), false)
  for (const script of SCRIPTS)
    expect(spawnSync(shell, ["-n", join(repository, script)], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    })
})

test("an old Node is left alone: one is fetched, once, and everything npm needs runs on it", () => {
  const tree = plant()
  tree.put("node", nodeOf("20.20.2"))
  tree.put("npm", NPM)
  const first = start(tree, "brain")
  expect(first).toMatchObject({ status: 0, stdout: OUTPUT })
  expect(first.stderr).toMatch(
    /^Node 20\.20\.2 is too old; fetching Node 26\.\S+ once, about \d+ MB.*\nInstalling .*\n$/,
  )
  expect(start(tree, "brain")).toEqual({ status: 0, stdout: OUTPUT, stderr: "" })
  expect(tree.asked()).toEqual([expect.stringMatching(INSTALL), expect.stringMatching(/^ci v\d\d\.\S+ ci$/)])
  expect(tree.asked()[0]).toContain("v20.20.2")
  expect(tree.asked()[1]).toContain(process.version)
})

test("a new enough Node is used, and its word is kept until another takes its place", () => {
  const tree = plant()
  tree.put("node", nodeOf("26.9.9"))
  tree.put("npm", NPM)
  expect(start(tree, "brain")).toMatchObject({ status: 0, stdout: OUTPUT })
  expect(start(tree, "brain")).toEqual({ status: 0, stdout: OUTPUT, stderr: "" })
  expect(tree.asked()).toEqual([expect.stringMatching(CI)])
  expect(readdirSync(join(tree.root, ".node"))).toEqual(["system"])
  tree.put("node", nodeOf("20.20.2"))
  expect(start(tree, "brain").stderr).toContain("Node 20.20.2 is too old; fetching")
})

test("words, the folder and the environment come through untouched; a link with a space in its path works", () => {
  const tree = plant()
  tree.put("node", nodeOf("26.9.9"))
  tree.put("npm", NPM)
  start(tree, "brain")
  const links = join(tree.root, "..", "some links")
  mkdirSync(links)
  symlinkSync("../a tree/brain", join(links, "one"))
  symlinkSync("one", join(links, "two"))
  const environment = { ...tree.environment, NODE_OPTIONS: "--no-warnings" }
  const direct = spawnSync(join(links, "two"), ["a b", "", "$x", "*"], { cwd: "/", env: environment, encoding: "utf8" })
  expect(direct).toMatchObject({
    status: 0,
    stderr: "",
    stdout: `{"words":["a b","","$x","*"],"options":"--no-warnings"}\n`,
  })
  const read = spawnSync("sh", ["brain"], { cwd: tree.root, env: environment, encoding: "utf8" })
  expect(read).toMatchObject({ status: 0, stderr: "" })
})

test("dependencies are installed again when the lock file changes, and all of them only for ./check", () => {
  const tree = plant()
  tree.put("node", nodeOf("26.9.9"))
  tree.put("npm", NPM)
  const asked = (): readonly string[] =>
    readFileSync(tree.environment.NPM_LOG!, "utf8").match(/--omit=dev|--include=dev/g) ?? []
  start(tree, "brain")
  start(tree, "check")
  start(tree, "brain")
  expect(asked()).toEqual(["--omit=dev", "--include=dev"])
  writeFileSync(join(tree.root, "package-lock.json"), `{ "changed": true }`)
  start(tree, "brain")
  start(tree, "brain")
  expect(asked()).toEqual(["--omit=dev", "--include=dev", "--omit=dev"])
})

test("without Node or npm the message says what to install", () => {
  const tree = plant()
  const neither = start(tree, "brain")
  expect(neither).toMatchObject({ status: 1, stdout: "" })
  expect(neither.stderr).toMatch(/^Node is not installed, and npm, .*\nInstall Node 24 or newer with npm .*\n$/)
  tree.put("node", nodeOf("26.9.9"))
  expect(start(tree, "brain").stderr).toMatch(/^npm is not installed; .*\nIt comes with Node.*\n$/)
})

test("without a network npm's words are shown, nothing half is left, and the next start works", () => {
  const tree = plant()
  tree.put("node", nodeOf("20.20.2"))
  tree.put("npm", NPM)
  const failed = start(tree, "brain", [], { NPM_FAILS: "yes" })
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain("npm error network\nNode 26.10.0 could not be fetched")
  expect(readdirSync(join(tree.root, ".node"))).toEqual([])
  tree.put("node", nodeOf("26.9.9"))
  const notInstalled = start(tree, "brain", [], { NPM_FAILS: "yes" })
  expect(notInstalled.status).toBe(1)
  expect(notInstalled.stderr).toContain("npm error network\nThe dependencies could not be installed")
  expect(start(tree, "brain")).toMatchObject({ status: 0, stdout: OUTPUT })
})

test("two starts at once install once", { timeout: 60_000 }, async () => {
  const tree = plant()
  tree.put("node", nodeOf("20.20.2"))
  tree.put("npm", NPM)
  const environment = { ...tree.environment, NPM_SECONDS: "1" }
  const outputs = await Promise.all(Array.from({ length: 4 }, () => output(join(tree.root, "brain"), environment)))
  expect(outputs).toEqual([OUTPUT, OUTPUT, OUTPUT, OUTPUT])
  expect(tree.asked()).toEqual([expect.stringMatching(INSTALL), expect.stringMatching(/^ci /)])
  expect(existsSync(join(tree.root, ".node/busy"))).toBe(false)
})

function output(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((fulfil) => {
    const child = spawn(command, { env, stdio: ["ignore", "pipe", "ignore"] })
    let text = ""
    child.stdout.on("data", (data) => {
      text += data
    })
    child.on("close", () => fulfil(text))
  })
}

test.each(["SIGKILL", "SIGTERM"] as const)(
  "%s in the middle of fetching leaves nothing that stops the next start",
  async (signal) => {
    const tree = plant()
    tree.put("node", nodeOf("20.20.2"))
    tree.put("npm", NPM)
    const child = spawn(join(tree.root, "brain"), {
      env: { ...tree.environment, NPM_SECONDS: "60" },
      stdio: "ignore",
      detached: true,
    })
    const ended = new Promise((fulfil) => child.on("close", fulfil))
    await expect.poll(() => tree.asked().length, { timeout: 10_000 }).toBe(1)
    process.kill(-child.pid!, signal)
    await ended
    expect(readdirSync(join(tree.root, ".node")).filter((name) => name.startsWith("26."))).toEqual([])
    expect(start(tree, "brain")).toMatchObject({ status: 0, stdout: OUTPUT })
    expect(readdirSync(join(tree.root, ".node"))).toEqual([expect.stringMatching(/^26\./)])
  },
)

test("the real ./brain greets from another folder, through a link with a space in its path", (context) => {
  const isThere = existsSync(join(repository, "packages/brain/src/main.ts"))
  requireOrSkip(context, isThere ? undefined : "packages/brain/src/main.ts is not written yet", false)
  const folder = mkdtempSync(join(tmpdir(), "open brains "))
  trees.push(folder)
  symlinkSync(join(repository, "brain"), join(folder, "a brain"))
  const greeting = spawnSync(join(folder, "a brain"), { cwd: folder, encoding: "utf8" })
  expect(greeting).toMatchObject({ status: 0, stderr: "" })
  expect(greeting.stdout.trim()).not.toBe("")
})
