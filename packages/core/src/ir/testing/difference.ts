import type { Memory } from "../interpret.ts"

/** The first number in which two memories differ, or undefined: NaN is NaN whatever its payload, -0 is not 0. */
export function difference(expected: Memory, actual: Memory): string | undefined {
  for (const [name, numbers] of Object.entries(expected)) {
    const others = actual[name]
    if (others?.length !== numbers.length) return `${name}: ${others?.length} numbers instead of ${numbers.length}`
    for (const [i, number] of numbers.entries())
      if (!Object.is(number, others[i])) return `${name}[${i}]: ${shown(others[i]!)} instead of ${shown(number)}`
  }
  return undefined
}
const shown = (number: number): string => (Object.is(number, -0) ? "-0" : `${number}`)
