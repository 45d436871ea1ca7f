import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../../../scripts/testing.ts"
import { MACHINES, missingMachine, run } from "./machine.ts"

for (const name of ["m0", "m4"] as const)
  test(`on ${name} the last word of RAM can be read and the next one is a fault`, (context) => {
    requireOrSkip(context, missingMachine(MACHINES[name]))
    const read = (at: number): string =>
      `int main(void) { show(*(volatile uint32_t *)(RAM_END + ${at}) & 0); return 0; }`
    expect(run(MACHINES[name], read(-4)).numbers).toEqual([0])
    expect(() => run(MACHINES[name], read(0))).toThrow("ended with 1")
  })
