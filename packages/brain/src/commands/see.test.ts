import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { brain } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"

const SOURCE = `brain helpdesk {
  about "A <desk>"
  licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives reply: text up to 400 bytes
  use intent from "./desk"
  kind is intent of message
  reply is route kind { when parcel: "It is & comes." when unsure: "Who?" otherwise: "About {kind}." }
}
`
let folder: string
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
let desk: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-see-"))
  await teachDesk(folder)
  desk = put("helpdesk.brain", SOURCE)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("graph draws a brain from its inputs to its outputs", async () => {
  const { code, out } = await brain(["graph", desk])
  expect(code).toBe(0)
  expect(out).toBe(`helpdesk  A <desk>
╭─ takes ───────────────────────────────╮
│ message: text up to 1024 bytes → kind │
╰───────────────────────────────────────╯
╭─ kind: label { parcel refund } ─╮
│ intent of message  · net desk   │
╰─────────────────────── → reply ─╯
╭─ reply: text up to 14 bytes ──╮
│ route kind                    │
│ ├─ parcel: "It is & comes."   │
│ ├─ unsure: "Who?"             │
│ └─ otherwise: "About {kind}." │
╰──────────────── → the answer ─╯
╭─ gives ─────────────────────╮
│ reply: text up to 400 bytes │
╰─────────────────────────────╯`)
  expect(JSON.parse((await brain(["graph", desk, "--json"])).out)).toMatchObject({ name: "helpdesk", left: 0 })
})

test("graph --svg draws it into a file, a stranger's words as text", async () => {
  const svg = join(folder, "desk.svg")
  expect((await brain(["graph", desk, "--svg", svg])).out).toBe(`Drawn in ${svg}.`)
  const text = readFileSync(svg, "utf8")
  expect(text).toContain("A &#60;desk&#62;")
  expect(text.match(/<g class="box/g)).toHaveLength(7)
  expect(text).toContain("prefers-color-scheme:dark")
  expect(text).not.toMatch(/<desk>|NaN|undefined/)
})

test("a large brain is drawn in part, and says so", async () => {
  const calls = Array.from({ length: 800 }, (_, i) => `    "part ${i} {message}" within 1 ms`)
  const source = SOURCE.replace("to 400", "to 4000").replace(
    /kind is[\s\S]*\n\}/,
    `kind is intent of message\n  reply is first good {\n${calls.join("\n")}\n    "{kind}"\n  }\n}`,
  )
  const start = performance.now()
  const { out, code } = await brain(["graph", put("large.brain", source), "--svg", join(folder, "large.svg")])
  expect(code).toBe(0)
  expect(out).toMatch(/\d+ more values are not drawn/)
  expect(performance.now() - start).toBeLessThan(20_000)
})

test("diff tells what changed and which answers did; its exit code says whether", async () => {
  expect(await brain(["diff", desk, put("same.brain", SOURCE.replace("use", "# a note\n  use"))])).toMatchObject({
    code: 0,
    out: "Nothing changed in what they are made of.\n0 of 15 probes are answered differently.",
  })
  const other = put("other.brain", SOURCE.replace('"Who?"', '"A person."'))
  const probes = put("probes.txt", "qwrtzpsdfg\n\nwhere is my parcel\n")
  const { code, out } = await brain(["diff", desk, other, "--probes", probes])
  expect(code).toBe(1)
  expect(out).toBe(`value reply
  - route kind {
  -   when parcel: "It is & comes."
  -   when unsure: "Who?"
  -   otherwise: "About {kind}."
  - }
  + route kind {
  +   when parcel: "It is & comes."
  +   when unsure: "A person."
  +   otherwise: "About {kind}."
  + }
1 of 2 probes is answered differently.
  “qwrtzpsdfg”
    - Who?
    + A person.`)
  expect(JSON.parse((await brain(["diff", desk, other, "--probes", probes, "--json"])).out)).toMatchObject({
    changes: [{ path: [], what: "value", name: "reply" }],
    answers: { asked: 2, differ: [{ input: "qwrtzpsdfg", before: "Who?", after: "A person." }] },
  })
})
