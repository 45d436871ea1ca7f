import { join } from "node:path"
import { expect, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { findChipCompiler } from "../boards/compile.ts"
import { writeSums } from "../boards/testing/net.ts"
import { echo, hexOf } from "../boards/testing/words.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"

vi.setConfig({ testTimeout: 180_000 })
async function desk(): Promise<string> {
  const folder = temporary()
  await teachDesk(folder)
  return join(folder, "desk")
}
const ECHO = hexOf(echo(1))
/** `brain flash` in JSON, the speed left out: it is of this machine. */
async function flashed(words: readonly string[], input = ""): Promise<Record<string, unknown>> {
  const { code, out, err } = await brain(["flash", ...words, "--json"], { input })
  expect([code, err]).toEqual([0, ""])
  const { speed, ...rest } = JSON.parse(out) as Record<string, unknown>
  expect(speed).toBeTypeOf("number")
  return rest
}

test("lines that are piped go to the board, one when the last is answered, and what it prints appears", async () => {
  const path = fileWith(ECHO, "echo.hex")
  const { code, out, err } = await brain(["flash", path, "--virtual", "uno"], { input: "hello\nwide world" })
  expect([code, out]).toEqual([0, "hello\nwide world"])
  expect(err).toMatch(
    /^\nArduino Uno: [\d,]+ cycles, [\d.]+ s of its time, [\d.e-]+ x real time\.\nStack: 0 bytes at most; /,
  )
})

test("--json tells the same as one object, twice the same", async () => {
  const path = fileWith(ECHO, "echo.hex")
  const [first, second] = [
    await flashed([path, "--virtual", "mega"], "a\nb\n"),
    await flashed([path, "--virtual", "mega"], "a\nb\n"),
  ]
  expect(first).toMatchObject({
    board: "mega",
    output: "a\nb\n",
    lostBytes: 0,
    stackUsed: 0,
    freeBytes: 8192,
    ramBytes: 8192,
  })
  expect(first).toEqual(second)
})

test("--cycles counts from the end of a line to its answer", async () => {
  const path = fileWith(ECHO, "echo.hex")
  const { answers } = (await flashed([path, "--virtual", "uno", "--cycles"], "a\n\nbc")) as {
    answers: { cycles: number }[]
  }
  expect(answers.map(({ cycles, ...rest }) => [rest, cycles > 0 && cycles < 400])).toEqual([
    [{ sent: "a" }, true],
    [{ sent: "" }, true],
    [{ sent: "bc" }, true],
  ])
  const told = await brain(["flash", path, "--virtual", "uno", "--cycles"], { input: "a\n" })
  expect(told.err).toMatch(/^"a": \d+ cycles, 0\.\d+ ms\nArduino Uno/)
})

test("a line that nobody answers does not stop the next one", async () => {
  // Listens, and never answers.
  const path = fileWith(hexOf([...echo(1).slice(0, 12), 0x9478, 0xcfff]), "mute.hex")
  const { answers, cycles } = await flashed([path, "--virtual", "uno", "--cycles"], "a\nb\n")
  expect(answers).toEqual([{ sent: "a" }, { sent: "b" }])
  expect(cycles).toBeLessThan(5 * 16e6)
})

test("a module answers a last line that has no end", async (context) => {
  requireOrSkip(context, findChipCompiler("atmega328p") ? undefined : "avr-gcc is not installed")
  const { out } = await brain(["flash", await desk(), "--virtual", "uno"], { input: "where is my parcel" })
  expect(out).toMatch(/^\w+\t-?\d+/) // to the end of it nobody waits
})

test("a program of one's own that does not compile, or whose stack meets the variables, is told of by its name", async (context) => {
  requireOrSkip(context, findChipCompiler("atmega328p") ? undefined : "avr-gcc is not installed")
  const net = join(temporary(), "sums")
  writeSums(net)
  const wrong = fileWith("int main(void) { return missing; }", "wrong.c")
  const refused = await brain(["flash", net, "--virtual", "uno", "--main", wrong])
  expect(refused.err).toContain(`does not compile ${wrong} for atmega328p:\n${wrong}: In function`)
  expect(refused.err).toContain(`hint: Mend ${wrong};`)
  const deep = fileWith(
    "volatile int z; int f(int n) { volatile char b[30]; b[0] = n; return f(n + 1) + b[0]; } int main(void) { return f(z); }",
    "deep.c",
  )
  const { err } = await brain(["flash", net, "--virtual", "uno", "--main", deep, "--seconds", "0.1"])
  expect(err).toContain("The stack has met the variables")
})
