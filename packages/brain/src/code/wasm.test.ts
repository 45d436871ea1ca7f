import type { PortType } from "@open-brains/core/composition/types.ts"
import type { Value } from "@open-brains/core/run/part.ts"
import { expect, test } from "vitest"
import wabtStart from "wabt"
import { openCode } from "./open.ts"
import { declareCode, TEXT } from "./testing/declare.ts"

const wabt = await wabtStart()
/** Gives back what it gets. */
const ECHO = `(module (memory (export "memory") 1 1)
  (func (export "input") (param i32) (result i32) i32.const 8)
  (func (export "output") (result i32) i32.const 8)
  (func (export "ask") (param i32) (result i32) local.get 0))`
const SCORE: PortType = { type: "number", least: 0, most: 1 }
const LABEL: PortType = { type: "label", labels: ["yes", "no"] }
const VECTOR: PortType = { type: "vector", length: 2 }
const BYTES: PortType = { type: "bytes", bytesMax: 4 }
const RECORD: PortType = { type: "record", fields: [{ name: "vector", type: VECTOR }] }
const VECTOR_VALUE = Float32Array.of(0.1, -3e-42)

test.each<[string, Readonly<Record<string, PortType>>, readonly Value[]]>([
  ["a text", { a: TEXT }, ["ä€"]],
  ["a label", { a: LABEL }, [{ label: "no" }]],
  ["unsure", { a: LABEL }, [{ label: undefined }]],
  ["bytes", { a: BYTES }, [Uint8Array.of(0, 255)]],
  ["a vector", { a: VECTOR }, [VECTOR_VALUE]],
  ["a number", { a: SCORE }, [0.1]],
  ["a record", { a: RECORD }, [{ fields: { vector: VECTOR_VALUE } }]],
  [
    "several",
    { a: TEXT, b: LABEL, c: BYTES, d: VECTOR, e: SCORE },
    ["ä", { label: undefined }, Uint8Array.of(0, 255), VECTOR_VALUE, 0.1],
  ],
])("%s goes through WebAssembly to the bit", async (_, types, values) => {
  const source = wabt.parseWat("echo.wat", ECHO).toBinary({}).buffer
  const part = await openCode(declareCode({ language: "wasm", takes: types, gives: types }), source)
  expect(await part.ask(values, undefined)).toEqual(values)
  await part.close?.()
})
