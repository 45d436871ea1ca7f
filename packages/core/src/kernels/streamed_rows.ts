import {
  add,
  buffer,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  min,
  mul,
  set,
  store,
  sub,
  when,
} from "../ir/build.ts"
import type { Program } from "../ir/program.ts"
import {
  hashing,
  type NgramOptions,
  ngramsMax,
  rangesTable,
  SYMBOLS_OF_BYTE,
  slotsOfSymbol,
  spelling,
} from "./ngrams.ts"

const v = local

/**
 * The rows of a text's n-grams (ngrams.ts) added up byte by byte, so that neither the text's symbols nor its slots are ever
 * kept: memory beside the text is that of one byte, however long the text is.
 *
 * Shapes: text u8 [bytesMax], length i32 [1], table u8 [buckets · columns], each number of which is `more` too large → count
 * i32 [1], sums [columns], i16 where no text's sum is beyond it, else i32. Numbers: those of `ngrams` and then `gather_sum`, to the
 * bit; sums wrap on the way, and what is too much is taken away in the end.
 */
export function streamedRows(options: NgramOptions, columns: number, more: number): Program {
  const { bytesMax, buckets, wordsMax, wordTimes = 1 } = options
  const most = ngramsMax(bytesMax, wordTimes)
  const [text, length] = [buffer("input", "u8", "text", bytesMax), buffer("input", "i32", "length", 1)]
  const table = buffer("input", "u8", "table", buckets * columns)
  const symbols = buffer("scratch", "i32", "symbols", SYMBOLS_OF_BYTE)
  const slots = buffer("scratch", "u16", "slots", SYMBOLS_OF_BYTE * slotsOfSymbol(options) + wordsMax * wordTimes)
  const count = buffer("output", "i32", "count", 1)
  const sums = buffer("output", more * most <= 32_767 ? "i16" : "i32", "sums", columns)
  const ranges = rangesTable()
  const { bytes, before, step, close } = spelling(text, length, symbols, ranges, bytesMax)
  const hash = hashing(slots, options)
  const [at, column, last] = [v("at"), v("column"), v("last_column")]
  return {
    name: "streamed_rows",
    buffers: [text, length, table, count, sums, symbols, slots, ranges],
    body: [
      loop("clear", columns, [store(sums, v("clear"), i32(0))]),
      ...[bytes, ...before, ...hash.before, let_("total", i32(0)), let_("is_any", i32(0))],
      // Once more than there are bytes: what ends with the text is done then.
      loopUpTo("turn", add(v("bytes"), i32(1)), bytesMax + 1, [
        let_("i", min(v("turn"), i32(bytesMax - 1))),
        ...[set("symbol_count", i32(0)), set("slot_count", i32(0))],
        when(less(v("turn"), v("bytes")), [step], [close]),
        loopUpTo("s", v("symbol_count"), symbols.length, [
          let_("now", load(symbols, v("s"))),
          ...hash.step,
          set("is_any", i32(1)),
        ]),
        when(less(v("turn"), v("bytes")), [], [when(v("is_any"), hash.end)]),
        loopUpTo("f", v("slot_count"), slots.length, [
          let_(at, mul(min(load(slots, v("f")), i32(buckets - 1)), i32(columns))),
          loop(column, columns, [store(sums, column, add(load(sums, column), load(table, add(at, column))))]),
        ]),
        set("total", add(v("total"), v("slot_count"))),
      ]),
      loop(last, columns, [store(sums, last, sub(load(sums, last), mul(v("total"), i32(more))))]),
      store(count, i32(0), min(v("total"), i32(most))),
    ],
  }
}
