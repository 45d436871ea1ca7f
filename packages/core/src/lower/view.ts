import { add } from "../ir/build.ts"
import type { Block, Expression } from "../ir/program.ts"
import { rewrite } from "../ir/rewrite.ts"

/** Buffers that only stand for a part of another, which begins at `base`. */
export type Views = Map<string, { readonly buffer: string; readonly base: Expression }>

/** The same block on the buffers behind the views. */
export function withoutViews(block: Block, views: Views): Block {
  const place = (buffer: string, index: Expression): { readonly buffer: string; readonly index: Expression } => {
    const view = views.get(buffer)
    return view ? { buffer: view.buffer, index: add(index, view.base) } : { buffer, index }
  }
  return rewrite(block, {
    expression: (e) => (e.kind === "load" ? { ...e, ...place(e.buffer, e.index) } : e),
    statement: (s) => (s.kind === "store" ? { ...s, ...place(s.buffer, s.index) } : s),
  })
}
