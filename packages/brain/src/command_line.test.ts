import { expect, test } from "vitest"
import { GREETING } from "./command_line.ts"
import { widthOf } from "./layout.ts"
import { brain } from "./testing/command.ts"

const COMMANDS = [
  ...["tour", "teach", "ask", "correct", "lessons", "undo", "test", "rebuild", "data", "show", "explain"],
  ...["check", "fmt", "lock", "why", "trace", "graph", "diff", "stream", "doctor"],
  ...["key", "push", "add", "pull", "list", "rm", "search", "compare", "verify", "edit"],
  ...["update", "wishes", "hub", "work", "candidate"],
  ...["generate", "pack", "unpack", "worth", "write"],
  ...["export", "flash"],
]

/** As a hint names them: the first twelve, and how many there are. */
const KNOWN = `${COMMANDS.slice(0, 12).join(", ")}, … (${COMMANDS.length})`

test("alone it greets, and names every command", async () => {
  const { code, out, err } = await brain([])
  expect([code, out, err]).toEqual([0, GREETING, ""])
  // These need what none of the greeting's commands makes: a net that remembers, a hub, an attestation, the name of a weight, a lock, firmware.
  const others = [
    "stream",
    "search",
    "verify",
    "edit",
    "hub",
    "update",
    "wishes",
    "work",
    "candidate",
    "export",
    "flash",
  ]
  for (const command of COMMANDS.filter((each) => !others.includes(each))) expect(out).toContain(`./brain ${command}`)
})

test("no line of a greeting or of help is wider than a terminal", async () => {
  const texts = await Promise.all(
    [[], ["--help"], ...COMMANDS.map((command) => [command, "--help"])].map((words) => brain(words)),
  )
  for (const { code, out, err } of texts) {
    expect([code, err]).toEqual([0, ""])
    expect(out.split("\n").filter((line) => widthOf(line) > 100)).toEqual([])
  }
})

test("help of a command is help, however it is asked for", async () => {
  const { out } = await brain(["ask", "--help"])
  expect(out).toContain("Usage: brain ask [options] <module> [text...]")
  expect((await brain(["help", "ask"])).out).toBe(out)
  expect((await brain(["help"])).out).toBe((await brain(["--help"])).out)
})

test.each([
  ["tech", "There is no command `tech`.", `Did you mean \`teach\`? Known: ${KNOWN}.`],
  ["frobnicate", "There is no command `frobnicate`.", `Known: ${KNOWN}.`],
  ["ask", "Missing required argument 'module'.", "See: brain ask --help"],
  ["ask desk hi --tpo 3", "Unknown option '--tpo'.", "Did you mean --top? See: brain ask --help"],
  [
    "ask desk hi --top 0",
    "Option '--top <n>' argument '0' is invalid. It takes a whole number from 1 to 2147483647.",
    "See: brain ask --help",
  ],
  [
    "key clam",
    "There is no command `key clam`.",
    "Did you mean `claim`? Known: new, list, show, trust, forget, claim, sign, send.",
  ],
  [
    "hub --port many",
    "Option '--port <port>' argument 'many' is invalid. It takes a whole number from 0 to 65535.",
    "See: brain hub --help",
  ],
  ["teach a.csv", "Required option '--into <folder>' not specified.", "See: brain teach --help"],
  ["teach --into x", "Missing required argument 'files'.", "See: brain teach --help"],
  [
    "teach a.csv --into x --seed x",
    "Option '--seed <n>' argument 'x' is invalid. It takes a whole number from 0 to 2147483647.",
    "See: brain teach --help",
  ],
  [
    "teach a.csv --into x --seed 1e3",
    "Option '--seed <n>' argument '1e3' is invalid. It takes a whole number from 0 to 2147483647.",
    "See: brain teach --help",
  ],
  [
    "teach a.csv --into x --seed 2147483648",
    "Option '--seed <n>' argument '2147483648' is invalid. It takes a whole number from 0 to 2147483647.",
    "See: brain teach --help",
  ],
  [
    "show desk extra",
    "Too many arguments for 'show'. Expected 1 argument but got 2: desk, extra.",
    "See: brain show --help",
  ],
])("brain %s: exit code 2, and what to do", async (line, seen, hint) => {
  const words = line.split(" ")
  const { code, out, err } = await brain(words)
  expect([code, out, err]).toEqual([2, "", `error[OB500]: ${seen}\nhint: ${hint}`])
  const json = await brain([...words, "--json"])
  expect([json.code, JSON.parse(json.out)]).toEqual([2, { problems: [{ code: "OB500", seen, hint }] }])
})
