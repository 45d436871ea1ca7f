/** What of a WebAssembly module is refused before V8 sees it: whatever takes memory that no limit of ours would count. */

const PAGE = 65536
/** Of functions by reference; V8 keeps 8 bytes or more for each. */
const TABLE_MAX = 65536
const SECTION = { type: 1, import: 2, table: 4, memory: 5, data: 12 } as const
const NUMBERS_AND_REFERENCES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f] // i32 i64 f32 f64 v128 funcref externref

class Misformed extends Error {}

/**
 * Why the module may not run, or nothing. It must be core WebAssembly 2.0 without imports, with at most one memory, whose maximum is
 * declared and within `memoryBytes`; tables declare a maximum too. What this does not look at, the engine's own validation does.
 * Source: WebAssembly core specification 2.0, chapter 5.
 */
export function unfitForm(bytes: Uint8Array, memoryBytes: number): string | undefined {
  try {
    return check(bytes, memoryBytes)
  } catch (error) {
    if (error instanceof Misformed) return error.message
    throw error
  }
}

function check(bytes: Uint8Array, memoryBytes: number): string | undefined {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  if (magic.some((byte, i) => bytes[i] !== byte)) return "it is no WebAssembly module"
  const reader = readerOf(bytes, magic.length)
  let memories = 0
  while (reader.at() < bytes.length) {
    const [id, length] = [reader.byte(), reader.number()]
    const end = reader.at() + length
    if (id > SECTION.data) return `it has a section ${id}, which core WebAssembly 2.0 does not know (exceptions?)`
    if (id === SECTION.import && reader.number() > 0) return "it has imports, and there is nothing here to import"
    if (id === SECTION.type) checkTypes(reader)
    if (id === SECTION.table)
      for (let tables = reader.number(); tables > 0; tables--) {
        if (!NUMBERS_AND_REFERENCES.includes(reader.byte())) return "it has a table of a kind that is not allowed here"
        const { least, most } = limitsOf(reader)
        if (most === undefined) return "it has a table without a maximum: declare one, such as `(table 1 1 funcref)`"
        if (Math.max(least, most) > TABLE_MAX)
          return `it has a table of up to ${most} entries; ${TABLE_MAX} are allowed`
      }
    if (id === SECTION.memory)
      for (let count = reader.number(); count > 0; count--) {
        if (++memories > 1) return "it has more than one memory"
        const { least, most } = limitsOf(reader)
        const allowed = Math.floor(memoryBytes / PAGE)
        if (most === undefined)
          return `its memory has no maximum: declare one, such as \`(memory 1 ${Math.max(1, allowed)})\`, in pages of 64 KB`
        if (Math.max(least, most) > allowed)
          return `its memory may grow to ${most} pages of 64 KB; its limit of ${memoryBytes} bytes allows ${allowed}`
      }
    reader.go(end)
  }
  return undefined
}

/** Only functions over numbers and plain references: structs and arrays would live where no limit of ours counts. */
function checkTypes(reader: Reader): void {
  for (let types = reader.number(); types > 0; types--) {
    if (reader.byte() !== 0x60)
      throw new Misformed("it has types of garbage-collected objects, which are not allowed here")
    for (let list = 0; list < 2; list++)
      for (let values = reader.number(); values > 0; values--)
        if (!NUMBERS_AND_REFERENCES.includes(reader.byte()))
          throw new Misformed("it has a function over values that core WebAssembly 2.0 does not know")
  }
}

function limitsOf(reader: Reader): { readonly least: number; readonly most?: number } {
  const flag = reader.byte()
  if (flag > 1) throw new Misformed("it has a shared memory, or one of 64 bits, which are not allowed here")
  const least = reader.number()
  return flag === 1 ? { least, most: reader.number() } : { least }
}

interface Reader {
  at(): number
  go(to: number): void
  byte(): number
  /** LEB128, unsigned, of 32 bits. */
  number(): number
}
function readerOf(bytes: Uint8Array, start: number): Reader {
  let at = start
  const byte = (): number => {
    const found = bytes[at++]
    if (found === undefined) throw new Misformed("it ends too early")
    return found
  }
  return {
    at: () => at,
    go(to) {
      at = to
    },
    byte,
    number() {
      let value = 0
      for (let shift = 0; shift < 35; shift += 7) {
        const part = byte()
        value += (part & 127) * 2 ** shift
        if (part < 128) return value
      }
      throw new Misformed("it has a number that is too long")
    },
  }
}
