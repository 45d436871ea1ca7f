import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { beforeEach, expect, onTestFinished, test, vi } from "vitest"
import { readModule } from "../store/folder.ts"
import { brain, temporary } from "../testing/command.ts"
import { CSV } from "../testing/lesson.ts"

beforeEach(() => {
  vi.stubEnv("BRAIN_MIRROR", "")
  vi.stubEnv("BRAIN_OFFLINE", "")
  vi.stubEnv("XDG_CACHE_HOME", temporary())
})

/** A data set of one's own: a module.brain in a folder, its file at an address of this machine. */
async function shop(
  reading = 'as csv { text "text" label "label" }',
): Promise<{ readonly folder: string; readonly url: string; readonly asked: () => number }> {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end(CSV)
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages.csv`
  const folder = join(temporary(), "shop")
  mkdirSync(folder)
  writeFileSync(
    join(folder, "module.brain"),
    `dataset shop {
  about "Messages to a shop"
  licence "CC0-1.0"
  attribution "A. Person 2024"
  file "messages.csv" { bytes ${CSV.length} digest ${digest(CSV)} url "${url}" }
  read "messages.csv" ${reading}
}`,
  )
  return { folder, url, asked: () => asked }
}

test("data lists the data sets that everybody has, with licence, size, and whether they are here", async () => {
  const { code, out, err } = await brain(["data"])
  expect([code, err]).toEqual([0, ""])
  for (const name of ["clinc150", "trec", "sst2", "sms-spam", "snips", "langid-17"])
    expect(out).toMatch(new RegExp(`^${name} +[\\w.-]+ +\\d+\\.\\d [KM]B  not here`, "m"))
  const json = JSON.parse((await brain(["data", "--json"])).out) as readonly {
    readonly name: string
    readonly here: boolean
  }[]
  expect(json.find(({ name }) => name === "clinc150")).toMatchObject({
    licence: "CC-BY-3.0",
    bytes: 2_495_390,
    here: false,
  })
})

test("one of your own is shown, fetched once, taught from, tested and rebuilt", async () => {
  const { folder, url, asked } = await shop()
  const before = await brain(["data", folder])
  expect(before.out).toContain(`not here; a mirror has it as shop/messages.csv`)
  expect(asked()).toBe(0) // nothing is fetched for a look

  const got = await brain(["data", "get", folder])
  expect(got.err).toBe(`Fetching messages.csv of shop, ${CSV.length} bytes, from ${url}`)
  expect(got.out).toMatch(/examples +10 to learn from, 2 to choose on, 3 to test/)
  expect(got.out).toMatch(/parcel, refund \(2\); 3 examples fit none/)

  const into = join(temporary(), "desk")
  const taught = await brain(["teach", folder, "--into", into, "--base", "none", "--offline"])
  expect([taught.code, taught.err, asked()]).toEqual([0, "", 1])
  const { manifest, parts } = await readModule(into)
  expect(manifest).toMatchObject({
    about: "Messages to a shop",
    licence: "CC0-1.0",
    built: { data: [{ name: "shop" }] },
  })
  expect(Object.keys(parts)).not.toContain("examples.jsonl")

  const tested = JSON.parse((await brain(["test", into, folder, "--json"])).out) as { readonly examples: number }
  expect(tested.examples).toBe(3) // its test split, and no more of it
  const again = await brain(["test", into, "--data", folder, "--json"])
  expect(JSON.parse(again.out)).toMatchObject({ examples: 3 })
  expect((await brain(["rebuild", into, "--data", folder])).out).toContain("Built again, bit for bit.")
  expect((await brain(["rebuild", into])).err).toMatch(/^error\[OB521\]/)
})

test("teaching fetches what it needs, and says so first", async () => {
  const { folder, url, asked } = await shop()
  const { err, code } = await brain(["teach", folder, "--into", join(temporary(), "desk"), "--base", "none"])
  expect([code, err, asked()]).toEqual([0, `Fetching messages.csv of shop, ${CSV.length} bytes, from ${url}`, 1])
})

test("offline nothing is fetched, by the option and by the environment", async () => {
  const { folder, asked } = await shop()
  expect((await brain(["data", "get", folder, "--offline"])).err).toMatch(/^error\[OB530\]/)
  vi.stubEnv("BRAIN_OFFLINE", "1")
  expect((await brain(["teach", folder, "--into", join(temporary(), "desk")])).err).toMatch(/^error\[OB530\]/)
  expect(asked()).toBe(0)
})

test("labels are renamed, one fits none, and splits are drawn the same for everybody", async () => {
  const { folder } = await shop(
    'as csv { text "text" label "label" }\n  call "parcel" "where it is"\n  none is "refund"',
  )
  const found = async (): Promise<unknown> => JSON.parse((await brain(["data", "get", folder, "--json"])).out)
  expect(await found()).toMatchObject({ labels: ["where it is"], examples: { train: 10, validation: 2, test: 3 } })
  expect(await found()).toEqual(await found())
})

test("what is no data set is told", async () => {
  expect((await brain(["data", "trek"])).err).toBe(
    "error[OB533]: There is no data set trek.\nhint: Did you mean `trec`? Known: clinc150, langid-17, sms-spam, snips, sst2, trec. Or name a folder that holds a module.brain of your own.",
  )
  expect((await brain(["data", tmpdir()])).err).toMatch(/^error\[OB533\]/)
  expect((await brain(["data", "trec", "get"])).err).toContain("brain data get NAME")
  const { folder } = await shop()
  expect((await brain(["ask", folder, "hello"])).err).toMatch(/^error\[OB120\]/)
  writeFileSync(
    join(folder, "module.brain"),
    readFileSync(join(folder, "module.brain"), "utf8").replace("about", "abuot"),
  )
  expect((await brain(["data", folder])).err).toMatch(/^error\[OB106\]/)
})
