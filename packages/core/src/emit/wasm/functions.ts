import { mapValues } from "../../base/record.ts"
import { type Bytes, type Code, each, newRoom, sized, unsigned } from "./binary.ts"
import * as op from "./opcode.ts"

export type ValueType = keyof typeof op.TYPE
export interface Signature {
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** The functions of a module while it is being made. Functions call those defined before them, by number. */
export interface Functions {
  /** Its number. `locals` are beside the parameters, which come first. */
  define(signature: Signature, locals: readonly ValueType[], code: Bytes): number
  readonly typeOf: (signature: Signature) => number
  /** The entries of the sections of types and of functions. */
  readonly types: readonly Code[]
  readonly signatures: readonly Code[]
  /** The code of all functions in a row. */
  written(): Uint8Array
}

/** `imported`: how many functions come from the host, which has the numbers from 0 on. */
export function functionsAfter(imported: number): Functions {
  const [types, signatures]: [Code[], Code[]] = [[], []]
  const codes = newRoom() // written at once: what is long and short-lived costs a collector least
  const known = new Map<string, number>()
  const typeOf = ({ parameters, results }: Signature): number => {
    const key = `${parameters} ${results}`
    const found = known.get(key) ?? types.push(FUNCTION + typesOf(parameters) + typesOf(results)) - 1
    known.set(key, found)
    return found
  }
  return {
    ...{ types, signatures, typeOf, written: codes.written },
    define(signature, locals, code) {
      signatures.push(unsigned(typeOf(signature)))
      let declared = unsigned(locals.length)
      for (let at = 0; at < locals.length; at++) declared += ONE[locals[at]!]
      codes.write(sized([declared, code, op.end]))
      return imported + signatures.length - 1
    },
  }
}
const FUNCTION = "\x60"
/** One local of a type. */
const ONE: Readonly<Record<ValueType, Code>> = mapValues(op.TYPE, (type) => unsigned(1) + type)
const typesOf = (all: readonly ValueType[]): Code => unsigned(all.length) + each(all, (type) => op.TYPE[type])
