import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { load } from "../load.ts"
import { teachModule } from "../teach.ts"
import { brain } from "../testing/command.ts"
import { MESSAGES } from "../testing/lesson.ts"
import type { Report } from "./report.ts"
import { buildExample } from "./testing/arduino.ts"
import { SUMS, SUMS_WEIGHTS, writeSums } from "./testing/net.ts"
import { saidOn } from "./testing/talk.ts"

const MS_MAX = 300_000
/** Of 5, 2.5, 1 and 131 KB: the last has constants beyond the first 64 KB of flash. */
const MODULES = [["desk"], ["small", 15], ["tiny", 3], ["large", undefined, 2048, 64]] as const
const CHIPS = { uno: "atmega328p", mega: "atmega2560" } as const
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-export-test-"))
  for (const [name, levels, buckets = 320, dims = 16] of MODULES) {
    const recipe = { epochs: 8, buckets, dims, ...(levels ? { levels } : {}) }
    await teachModule({ examples: MESSAGES, into: join(folder, name), name, licence: "CC0-1.0", recipe })
  }
  writeSums(join(folder, "sums"))
}, MS_MAX)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Of many scripts, malformed and cut ones among them. */
const TEXTS = [
  ...MESSAGES.map(({ text }) => text),
  ...[
    "a",
    "WHERE'S my Päckchen?? 漢字 😀",
    "é".repeat(40),
    `x${"é".repeat(40)}`,
    "漢字".repeat(12),
    "x".repeat(70),
    `${"ab ".repeat(20)}end😀`,
    "refund ".repeat(9),
  ],
]
const exported = async (...words: readonly string[]): Promise<Report & { readonly output: string }> => {
  const { code, out, err } = await brain(["export", ...words, "--json"])
  expect([code, err]).toEqual([0, ""])
  return JSON.parse(out) as Report & { readonly output: string }
}

/** What a line should get, when so many bytes of a text are read: whole characters alone. */
async function answers(name: string, textBytes: number): Promise<readonly string[]> {
  const module = await load(join(folder, name), interpreterEngine)
  return TEXTS.map((text) => {
    const read = new Uint8Array(textBytes)
    const { written } = new TextEncoder().encodeInto(text, read)
    const { label, evidence } = module.ask(new TextDecoder().decode(read.subarray(0, written)))
    return `${label ?? "unsure"}\t${Math.round(256 * evidence)}`
  })
}

for (const [name, chip] of [
  ...["desk", "small", "tiny"].map((each) => [each, "uno"] as const),
  ["large", "mega"] as const,
])
  test(
    `${name} answers lines on a computer and on the ${chip} as the module does`,
    async (context) => {
      requireOrSkip(context, missingProgram("make", "cc", "avr-gcc"))
      const path = join(folder, `${name}-c`)
      await exported(join(folder, name), "--to", "c", "--board", chip, "--text-bytes", "64", "--output", path)
      const make = (...words: readonly string[]): void => {
        const { status, stderr } = spawnSync("make", ["-C", path, ...words], { encoding: "utf8" })
        expect([status, stderr]).toEqual([0, ""]) // not one warning
      }
      const wanted = await answers(name, 64)
      make()
      const input = TEXTS.map((text) => `${text}\n`).join("")
      const { stdout } = spawnSync(join(path, name), { input, encoding: "utf8" })
      expect(stdout.trimEnd().split("\n")).toEqual(wanted)
      make("avr", `MCU=${CHIPS[chip]}`)
      expect(saidOn(chip, readFileSync(join(path, `${name}-${CHIPS[chip]}.hex`)), TEXTS)).toEqual(wanted)
      if (missingProgram("arm-none-eabi-gcc") === undefined) make("arm")
    },
    MS_MAX,
  )

test(
  "a net with a state gives the numbers that it gives elsewhere, and begins where its weights say",
  async (context) => {
    requireOrSkip(context, missingProgram("make", "cc"))
    const path = join(folder, "sums-c")
    await exported(join(folder, "sums"), "--to", "c", "--output", path)
    expect(spawnSync("make", ["-C", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
    const net = openNet(SUMS, SUMS_WEIGHTS, interpreterEngine)
    const samples = Array.from({ length: 40 }, (_, i) => [i * 7 - 128, 127 - i * 5, (i % 3) - 1, -i])
    const lines = samples.flatMap((sample) => [`step ${sample.join(" ")}`, "peek"])
    const wanted = samples.flatMap((sample) => {
      const { best, sum } = net.call("step", { sample: Int8Array.from(sample) })
      return [[...best!, ...sum!], [...net.call("peek")["now"]!]].map((numbers) => numbers.join(" "))
    })
    const { stdout } = spawnSync(join(path, "sums"), { input: `${lines.join("\n")}\nreset\npeek\n`, encoding: "utf8" })
    expect(stdout.trimEnd().split("\n")).toEqual([...wanted, "", "5 -6 7"])
  },
  MS_MAX,
)

const LIBRARIES = [
  ["desk", "uno", "Ask"],
  ["desk", "mega", "Ask"],
  ["tiny", "uno", "Ask"],
  ["large", "mega", "Ask"],
  ["sums", "uno", "Run"],
  ["sums", "mega", "Run"],
] as const
for (const [name, board, example] of LIBRARIES)
  test(
    `the library ${name} compiles for the ${board} without a warning, and takes what the report says`,
    async (context) => {
      requireOrSkip(context, missingProgram("arduino-builder", "avr-gcc"))
      const place = join(folder, `${name}-${board}`)
      mkdirSync(place, { recursive: true })
      const zip = join(place, `${name}.zip`)
      const { flash, ram } = await exported(join(folder, name), "--to", "arduino", "--board", board, "--output", zip)
      const built = buildExample(place, zip, name, example, board)
      expect(built.status, built.stderr).toBe(0)
      expect(built.warnings).toEqual([])
      if (example === "Ask") {
        const labels = (await answers(name, 256)).map((line) => line.split("\t")[0])
        expect(saidOn(board, built.hex(), TEXTS)).toEqual(labels)
      }
      // The Arduino IDE compiles with link-time optimisation, and the example of a net prints numbers.
      expect(Math.abs(flash.bytes + flash.sketchBytes! - built.flashBytes)).toBeLessThan(example === "Ask" ? 180 : 500)
      expect(Math.abs(ram.bytes + ram.sketchBytes! - built.ramBytes)).toBeLessThan(20)
    },
    MS_MAX,
  )

test(
  "the same export is the same bytes",
  async () => {
    const [a, b] = [join(folder, "a.zip"), join(folder, "b.zip")]
    for (const output of [a, b]) await exported(join(folder, "desk"), "--to", "arduino", "--output", output)
    expect(readFileSync(a)).toEqual(readFileSync(b))
  },
  MS_MAX,
)
