import { DTYPE, type Numbers, zeros } from "../base/dtype.ts"
import { BINARY_MEANING, UNARY_MEANING } from "./arithmetic.ts"
import type { Block, Expression, Packed, Program } from "./program.ts"

/** One array for each buffer of a program. */
export type Memory = Readonly<Record<string, Numbers>>

/** Memory as a fresh instance has it: constants filled in, everything else 0. */
export function memoryOf({ buffers }: Program): Record<string, Numbers> {
  return Object.fromEntries(
    buffers.map(({ name, dtype, length, values }) => {
      const array = zeros(dtype, length)
      if (values) array.set(values)
      return [name, array]
    }),
  )
}

type Value = () => number
type Action = () => void

/**
 * Runs `program` on `memory` in place, in program order: slow, obvious, the judge of every target.
 * Each node becomes a closure once, so that a text takes milliseconds instead of a second.
 */
export function interpreter(program: Program, memory: Memory, entry: Block = program.body): Action {
  const locals = new Map<string, { value: number }>()
  const cellOf = (name: string): { value: number } => {
    const cell = locals.get(name) ?? { value: 0 }
    locals.set(name, cell)
    return cell
  }
  const arrayOf = (buffer: string): Numbers => {
    const array = memory[buffer]
    if (!array) throw new Error(`bug: no memory for buffer ${buffer}`)
    return array
  }
  const checked = (buffer: string, array: Numbers, index: number): number => {
    if (index < 0 || index >= array.length) throw new Error(`bug: ${buffer}[${index}] of ${array.length}`)
    return index
  }
  const value = (e: Expression): Value => {
    switch (e.kind) {
      case "constant": {
        const { value } = e
        return () => value
      }
      case "local": {
        const cell = cellOf(e.name)
        return () => cell.value
      }
      case "load": {
        const [array, index, { packed }] = [arrayOf(e.buffer), value(e.index), e]
        if (packed)
          return () => {
            const at = index()
            checked(e.buffer, array, at)
            checked(e.buffer, array, at + packed - 1)
            return packedWord(array, at, packed)
          }
        return () => array[checked(e.buffer, array, index())]!
      }
      case "unary": {
        const [f, a] = [UNARY_MEANING[e.op], value(e.value)]
        return () => f(a())
      }
      case "binary": {
        const [f, a, b] = [BINARY_MEANING[e.op], value(e.left), value(e.right)]
        return () => f(a(), b())
      }
      case "select": {
        const [condition, yes, no] = [value(e.condition), value(e.yes), value(e.no)]
        return () => {
          const [a, b] = [yes(), no()]
          return condition() !== 0 ? a : b
        }
      }
      default:
        return e satisfies never
    }
  }
  const block = (body: Block): Action => {
    const actions = body.map(statement)
    return () => {
      for (const action of actions) action()
    }
  }
  const statement = (s: Block[number]): Action => {
    switch (s.kind) {
      case "let":
      case "set": {
        const [cell, v] = [cellOf(s.name), value(s.value)]
        return () => {
          cell.value = v()
        }
      }
      case "store": {
        const [array, index, v] = [arrayOf(s.buffer), value(s.index), value(s.value)]
        return () => {
          const at = checked(s.buffer, array, index())
          array[at] = v()
        }
      }
      case "if": {
        const [condition, yes, no] = [value(s.condition), block(s.yes), block(s.no)]
        return () => (condition() !== 0 ? yes() : no())
      }
      case "loop": {
        const [cell, count, body] = [cellOf(s.index), value(s.count), block(s.body)]
        return () => {
          const rounds = Math.min(count(), s.maximum)
          for (let i = 0; i < rounds; i++) {
            cell.value = i
            body()
          }
        }
      }
      default:
        return s satisfies never
    }
  }
  for (const { name, dtype, length } of program.buffers) {
    const array = arrayOf(name)
    if (array.length !== length || array.constructor !== DTYPE[dtype].array)
      throw new Error(`bug: memory of ${name} is not ${length} x ${dtype}`)
  }
  return block(entry)
}

/** The parts of a word from `at` on, the first one lowest. */
function packedWord(array: Numbers, at: number, parts: Packed): number {
  const width = 32 / parts
  let word = 0
  for (let part = parts - 1; part >= 0; part--) word = (word << width) | (array[at + part]! & (2 ** width - 1))
  return word
}

export const interpret = (program: Program, memory: Memory): void => interpreter(program, memory)()
