import { type Block, type Expression, operandsOf, statementsOf } from "../../../ir/program.ts"

/** Whether an expression reads a local of such a name. */
export const mentions = (e: Expression, isMeant: (name: string) => boolean): boolean =>
  (e.kind === "local" && isMeant(e.name)) || operandsOf(e).some((each) => mentions(each, isMeant))

/** Whether a block stores to a buffer of such a name. */
export const storesTo = (block: Block, buffer: string): boolean =>
  statementsOf(block).some((s) => s.kind === "store" && s.buffer === buffer)
/** Whether a block gives a local another value. */
export const sets = (block: Block, name: string): boolean =>
  statementsOf(block).some((s) => s.kind === "set" && s.name === name)

/** Whether an expression may have another value after a block: what is computed once for many rounds must not. */
export const changesIn = (e: Expression, block: Block): boolean =>
  (e.kind === "local" && sets(block, e.name)) ||
  (e.kind === "load" && storesTo(block, e.buffer)) ||
  operandsOf(e).some((each) => changesIn(each, block))
