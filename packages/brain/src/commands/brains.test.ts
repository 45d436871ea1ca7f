import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, fileWith } from "../testing/command.ts"

test("why knows each name once: a part may be called as its definition is", async () => {
  const { code, err } = await brain(["why", join(repository, "examples/helpdesk"), "ordr"])
  expect([code, err.match(/\border\b/g)?.length]).toEqual([1, 2]) // what was meant, and among what is known
})

test("check tells of code whose file is not there", async () => {
  const path = fileWith(
    `code part {
  about "x"
  licence "CC0-1.0"
  takes x: text up to 9 bytes
  gives y: text up to 9 bytes
  runs "part.js" as javascript
  limits { latency 1 ms }
}
brain whole {
  about "x"
  licence "CC0-1.0"
  takes x: text up to 9 bytes
  gives y: text up to 9 bytes
  y is first good { part of x x }
}
`,
    "whole.brain",
  )
  const { code, err } = await brain(["check", path])
  expect([code, err]).toEqual([1, expect.stringContaining("error[OB629]: The code `part` runs ")])
})

test.each(["test", "rebuild"])("%s says of a brain that it is one", async (command) => {
  const { code, err } = await brain([command, join(repository, "examples/helpdesk")])
  expect([code, err]).toEqual([1, expect.stringContaining("error[OB104]: Here is a brain, and a module is needed.")])
})

test("show tells of a brain what it takes, gives, uses and lives by", async () => {
  const { code, out } = await brain(["show", join(repository, "examples/helpdesk"), "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ kind: "brain", name: "helpdesk", benchmarks: [] })
})
