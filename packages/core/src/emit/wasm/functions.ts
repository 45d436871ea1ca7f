import { type Bytes, flat, sized, unsigned, vector } from "./binary.ts"
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
  /** The entries of the sections of types, of functions and of code. */
  readonly types: readonly Bytes[]
  readonly signatures: readonly Bytes[]
  readonly codes: readonly Bytes[]
}

/** `imported`: how many functions come from the host, which has the numbers from 0 on. */
export function functionsAfter(imported: number): Functions {
  const [types, signatures, codes]: [Bytes[], Bytes[], Bytes[]] = [[], [], []]
  const known = new Map<string, number>()
  const typeOf = ({ parameters, results }: Signature): number => {
    const key = `${parameters} ${results}`
    const found = known.get(key) ?? types.push([0x60, typesOf(parameters), typesOf(results)]) - 1
    known.set(key, found)
    return found
  }
  return {
    ...{ types, signatures, codes, typeOf },
    define(signature, locals, code) {
      signatures.push(unsigned(typeOf(signature)))
      const declared = vector(locals.map((type) => [1, op.TYPE[type]]))
      return imported + codes.push(flat(sized([declared, code, op.end]))) - 1
    },
  }
}
const typesOf = (all: readonly ValueType[]): Bytes => vector(all.map((type) => [op.TYPE[type]]))
