import { expect, test } from "vitest"
import { reasonAgainst } from "./wide.ts"

const host = { v8: "14.6.202.34-node.34", arch: "x64", features: ["avx2"] }

test("vectors are joined where that was judged, and nowhere else", () => {
  expect(reasonAgainst(host)).toBeUndefined()
  expect(reasonAgainst({ ...host, arch: "arm64" })).toMatch("arm64")
  expect(reasonAgainst({ ...host, features: ["sse4_1", "avx"] })).toMatch("no AVX2")
  for (const v8 of ["13.6.233.17-node.53", "14.60.1", "15.0.1"])
    expect(reasonAgainst({ ...host, v8 })).toMatch(`V8 ${v8} is not the one`)
})
