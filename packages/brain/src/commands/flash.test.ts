import { expect, test } from "vitest"
import { hexOf, STOP } from "../boards/testing/words.ts"
import { brain, fileWith } from "../testing/command.ts"

/** `brain flash` in JSON, the speed left out: it is of this machine. */
async function flashed(words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await brain(["flash", ...words, "--json"])
  expect([code, err]).toEqual([0, ""])
  const { speed, ...rest } = JSON.parse(out) as Record<string, unknown>
  expect(speed).toBeTypeOf("number")
  return rest
}

test("--seconds ends a board that would go on", async () => {
  const path = fileWith(hexOf([0xcfff]), "on.hex")
  expect(
    await flashed([fileWith(hexOf([0x9478, 0xcfff]), "on.hex"), "--virtual", "uno", "--seconds", "0.01"]),
  ).toMatchObject({
    boardSeconds: expect.closeTo(0.01, 6),
  })
  expect(await flashed([path, "--virtual", "uno"])).toMatchObject({ halt: "asleep", cycles: 0 })
})

test("a board that sleeps for good, or went astray, says so", async () => {
  const asleep = await brain(["flash", fileWith(hexOf(STOP), "stop.hex"), "--virtual", "uno"])
  expect(asleep.err).toContain("It has ended: interrupts are off, and nothing will wake it.")
  const lost = await brain(["flash", fileWith(hexOf([0]), "lost.hex"), "--virtual", "uno"])
  expect([lost.code, lost.err]).toEqual([1, expect.stringContaining("error[OB847]: After 1 cycles")])
})
