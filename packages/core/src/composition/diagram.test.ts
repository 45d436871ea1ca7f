import { expect, test } from "vitest"
import { type Diagram, type DiagramOptions, diagramOf } from "./diagram.ts"
import { checkTexts } from "./testing/library.ts"

const HEAD = `about "A desk" licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 200 bytes
  use intent from "./desk"`
const MEND = `code mend {
  about "x" licence "CC0-1.0" takes a: text up to 200 bytes gives b: text up to 60 bytes
  runs "m.js" as javascript limits { latency 1 ms }
}
`
const drawn = (source: string, options: DiagramOptions = { boxesMax: 100 }): Diagram => {
  const { composition, problems } = checkTexts(source)
  expect(problems).toEqual([])
  return diagramOf(composition!, options)
}
/** A box a line, and the arrows to it. */
const golden = ({ boxes, arrows }: Diagram): string =>
  boxes
    .map(({ kind, name, title, detail, withinMs, frame }, at) => {
      const from = arrows
        .filter(({ to }) => to === at)
        .map(({ from, role, label }) => `${from} ${role}${label ? ` (${label})` : ""}`)
      const words = [
        `${at}`,
        kind,
        name && `[${name}]`,
        title,
        detail && `<${detail}>`,
        withinMs && `within ${withinMs}`,
      ]
      return `${words.filter(Boolean).join(" ")}${frame === undefined ? "" : ` in ${frame}`}${from.length > 0 ? ` <- ${from.join(", ")}` : ""}`
    })
    .join("\n")

test("a route, its branches with their labels, fallbacks in order, and rules", () => {
  const members = `kind is intent of message
  reply is route kind {
    when parcel or refund: "Soon."
    when unsure: first good { mend of message within 5 ms "none" }
    otherwise: "About {kind}."
  }
  forbid "password" in reply`
  expect(golden(drawn(`${MEND}brain helpdesk {\n ${HEAD}\n ${members}\n}\n`))).toBe(`0 input [message] message
1 net [kind] intent <net desk> <- 0 input
2 text "Soon."
3 code mend <code mend> within 5 <- 0 input
4 text "none"
5 first first good <- 3 try (1), 4 try (2)
6 text "About {kind}." <- 1 input
7 route [reply] route <- 1 by, 2 branch (parcel or refund), 5 branch (unsure), 6 branch (otherwise)
8 output [reply] reply <forbid "password"> <- 7 answer`)
})

test("mixes with their weights, and a repeat with its bound and what comes back", () => {
  const members = `use words from "./words"
  kind is mix { intent of message words of message weight 0.5 }
  draft is repeat up to 3 times { start with "{message}" then first good { mend of draft "y" } until intent of draft is parcel }
  reply is "{kind} {draft}"`
  expect(golden(drawn(`${MEND}brain helpdesk {\n ${HEAD}\n ${members}\n}\n`))).toBe(`0 input [message] message
1 net intent <net desk> <- 0 input
2 net words <net words> <- 0 input
3 mix [kind] mix <- 1 expert (× 1), 2 expert (× 0.5)
4 text "{message}" <- 0 input
5 so far draft so far <- 10 again (again)
6 code mend <code mend> <- 5 input
7 text "y"
8 first first good <- 6 try (1), 7 try (2)
9 net intent <net desk> <- 5 input
10 repeat [draft] repeat up to 3 times <- 4 start (start with), 8 step (then), 9 until (until is parcel)
11 text [reply] "{kind} {draft}" <- 3 input, 10 input
12 output [reply] reply <- 11 answer`)
})

const NESTED = `brain inner {\n ${HEAD}\n kind is intent of message\n reply is "It is {kind}."\n}
brain helpdesk {\n ${HEAD.replace("200", "400")}\n kind is intent of message\n said is inner of message\n reply is "{said} {kind}"\n}\n`
test("a brain that is used is a box, or open", () => {
  expect(golden(drawn(NESTED)).split("\n")[2]).toBe("2 brain [said] inner <brain inner> <- 0 input")
  const open = drawn(NESTED, { boxesMax: 100, opens: true })
  expect(open.frames).toEqual([{ use: "inner", brain: "inner", box: 2, given: [0] }])
  expect(golden(open)).toBe(`0 input [message] message
1 net [kind] intent <net desk> <- 0 input
2 brain [said] inner <brain inner> in 0 <- 5 answer
3 input [message] message in 0 <- 0 input
4 net [kind] intent <net desk> in 0 <- 3 input
5 text [reply] "It is {kind}." in 0 <- 4 input
6 text [reply] "{said} {kind}" <- 2 input, 1 input
7 output [reply] reply <- 6 answer`)
})

test("what there is no room for is counted", () => {
  expect(drawn(NESTED, { boxesMax: 6, opens: true })).toMatchObject({ left: 0, closed: 1 })
  const cut = drawn(NESTED, { boxesMax: 3 })
  expect([cut.boxes.length, cut.left]).toEqual([3, 2])
})
