import { type Binary, type Packed, UNARY, type Unary } from "../../ir/program.ts"
import { type Stored, TYPE } from "./prelude.ts"

/**
 * Vectors of 32-bit lanes in C: the vector extensions that gcc and clang share, so that one text serves every machine.
 * Where gcc makes much less of them than the machine has, intrinsics of the same bits stand beside them, behind what the
 * compiler says of the machine. Sources: GCC manual, "Vector Extensions"; Intel Intrinsics Guide; Arm ACLE.
 */
export const WIDTHS = [4, 8, 16] as const
export type Width = (typeof WIDTHS)[number]

/** Σ of products of parts of words, added to a sum; in `dot4_u7` no byte of the second operand is above 127. */
export type Dot = "i32.dot2_i16" | "i32.dot4_i8" | "i32.dot4_u7"
/** An operation of the IR on lanes, or a way into lanes or out of them. */
export type Helper =
  | Unary
  | Binary
  | Dot
  | `${"i32" | "f32"}.${"splat" | "choose"}`
  | `${"load" | "store" | `pack${Packed}`}.${Stored}`

export const nameOf = (helper: Helper, width: Width): string => {
  const [kind, name] = helper.split(".") as [string, string]
  if (kind === "i32" || kind === "f32") return `${kind}x${width}_${name}`
  return `${name === "f32" ? "f32" : "i32"}x${width}_${kind}_${TYPE[name as Stored]}`
}
/** They give masks: all ones or zeros in a lane, where the judge gives 1 or 0. */
export const isMask = (op: Unary | Binary): boolean => /\.(?:eq|ne|lt|le|lt_s|le_s|lt_u)$/.test(op)

/** A body, and better ones by what the compiler has to define for them. */
interface Body {
  readonly plain: string
  readonly better?: readonly (readonly [guard: string, text: string])[]
}
const AARCH64 = "defined(__ARM_NEON) && defined(__aarch64__)"
/** What x86 calls vectors by their width: those of four lanes need no more than SSE4.1. */
const X86 = {
  4: { guard: "defined(__SSE4_1__)", intrinsic: "_mm", vector: "__m128i" },
  8: { guard: "defined(__AVX2__)", intrinsic: "_mm256", vector: "__m256i" },
  16: { guard: "defined(__AVX512BW__)", intrinsic: "_mm512", vector: "__m512i" },
} as const satisfies Readonly<Record<Width, unknown>>

/**
 * In the texts below I, F and U are the vectors of a width W, of int32_t, float and uint32_t; S is the integer vector of
 * the intrinsics and MM is what their names begin with.
 */
const PLAIN: Readonly<Partial<Record<Helper, string>>> = {
  "f32.add": "a + b",
  "f32.sub": "a - b",
  "f32.mul": "a * b",
  "f32.div": "a / b",
  "i32.add": "(I)((U)a + (U)b)",
  "i32.sub": "(I)((U)a - (U)b)",
  "i32.mul": "(I)((U)a * (U)b)",
  "i32.and": "a & b",
  "i32.or": "a | b",
  "i32.xor": "a ^ b",
  "i32.shl": "(I)((U)a << (n & 31))",
  "i32.shr_s": "a >> (n & 31)",
  "i32.shr_u": "(I)((U)a >> (n & 31))",
  "i32.eq": "(I)(a == b)",
  "i32.ne": "(I)(a != b)",
  "i32.lt_s": "(I)(a < b)",
  "i32.le_s": "(I)(a <= b)",
  "i32.lt_u": "(I)((U)a < (U)b)",
  "f32.eq": "(I)(a == b)",
  "f32.lt": "(I)(a < b)",
  "f32.le": "(I)(a <= b)",
  "f32.of_bits": "(F)a",
  "f32.from_i32": "__builtin_convertvector(a, F)",
  "i32.bits_of_f32": "I_choose((I)(a == a), (I)a, I_splat(INT32_C(0x7fc00000)))",
}
/** The four parts of a saturating conversion: NaN is in none of the ranges, and so 0. */
const FROM_F32 = `const F top = F_splat(0x1p31f);
  const I fits = (I)(a >= -top) & (I)(a < top), r = __builtin_convertvector((F)((I)a & fits), I);
  return (r & fits) | ((I)(a >= top) & I_splat(INT32_MAX)) | ((I)(a < -top) & I_splat(INT32_MIN));`

function bodyOf(helper: Helper, width: Width): Body {
  const x86 = (text: string, guard: string = X86[width].guard): readonly [string, string] => [guard, text]
  const neon = (text: string): readonly [string, string][] => (width === 4 ? [[AARCH64, text]] : [])
  const [kind, name] = helper.split(".") as [string, string]
  const operator = PLAIN[helper]
  if (operator !== undefined) return { plain: `return ${operator};` }
  if (kind === "load") return loadBody(name as Stored, width)
  if (kind === "store") return storeBody(name as Stored, width)
  if (kind.startsWith("pack")) return packBody(Number(kind.slice(4)) as Packed, name as Stored, width)
  switch (helper) {
    case "i32.splat":
    case "f32.splat":
      return { plain: `return (${kind === "i32" ? "I" : "F"}){${Array(width).fill("a").join(", ")}};` }
    case "i32.choose":
      return { plain: "return (a & c) | (b & ~c);" }
    case "f32.choose":
      return { plain: "return (F)(((I)a & c) | ((I)b & ~c));" }
    case "f32.min": // these instructions give the second operand where neither is less
      return { better: [x86("return MM_min_ps(b, a);")], plain: "return F_choose((I)(b < a), b, a);" }
    case "f32.max":
      return { better: [x86("return MM_max_ps(b, a);")], plain: "return F_choose((I)(a < b), b, a);" }
    case "i32.min":
      return { better: [x86("return (I)MM_min_epi32((S)a, (S)b);")], plain: "return I_choose((I)(b < a), b, a);" }
    case "i32.max":
      return { better: [x86("return (I)MM_max_epi32((S)a, (S)b);")], plain: "return I_choose((I)(a < b), b, a);" }
    case "f32.sqrt":
      return {
        better: [x86("return MM_sqrt_ps(a);"), ...neon("return (F)vsqrtq_f32((float32x4_t)a);")],
        plain: "F r = a;\n  for (int32_t l = 0; l < W; ++l) r[l] = sqrtf(a[l]);\n  return r;",
      }
    case "i32.from_f32": {
      // Where nothing fits the instruction gives INT32_MIN, but a compiler that knows the number may give the nearest one.
      const large = "const I large = (I)(a >= F_splat(0x1p31f));"
      const fast = `${large} return (((I)MM_cvttps_epi32(a) & ~large) | (large & I_splat(INT32_MAX))) & (I)(a == a);`
      return { better: [x86(fast), ...neon("return (I)vcvtq_s32_f32((float32x4_t)a);")], plain: FROM_F32 }
    }
    case "i32.dot2_i16":
    case "i32.dot4_i8":
    case "i32.dot4_u7":
      return dotBody(helper, width)
    default:
      throw new Error(`bug: ${helper} has no lanes`)
  }
}

/** Products with a wrapping sum: what saturates on the way (maddubs) or takes no signs (dpbusd) needs care. */
function dotBody(helper: Dot, width: Width): Body {
  const { guard } = X86[width]
  const neon = (text: string, more = ""): readonly (readonly [string, string])[] =>
    width === 4 ? [[AARCH64 + more, text]] : []
  /** `avx` is what the names have in them where there is no AVX-512. */
  const vnni = (text: (avx: "" | "_avx") => string): readonly (readonly [string, string])[] => {
    if (width === 16) return [["defined(__AVX512VNNI__)", text("")]]
    return [
      ["defined(__AVX512VNNI__) && defined(__AVX512VL__)", text("")],
      ["defined(__AVXVNNI__)", text("_avx")],
    ]
  }
  const added = (terms: readonly string[]): string =>
    `return (I)((U)sum + ${terms.map((each) => `(U)${each}`).join(" + ")});`
  if (helper === "i32.dot2_i16") {
    const low = (of: string): string => `((I)((U)${of} << 16) >> 16)`
    return {
      better: [
        ...vnni((avx) => `return (I)MM_dpwssd${avx}_epi32((S)sum, (S)a, (S)b);`),
        [guard, added(["MM_madd_epi16((S)a, (S)b)"])],
        ...neon(`const int16x8_t p = (int16x8_t)a, q = (int16x8_t)b;
  const int32x4_t low = vmull_s16(vget_low_s16(p), vget_low_s16(q)), high = vmull_high_s16(p, q);
  ${added(["vpaddq_s32(low, high)"])}`),
      ],
      plain: added([`(${low("a")} * ${low("b")})`, "((a >> 16) * (b >> 16))"]),
    }
  }
  const byte = (of: string, at: number): string => `((I)((U)${of} << ${24 - 8 * at}) >> 24)`
  const even = (of: string): string => `MM_srai_epi16(MM_slli_epi16((S)${of}, 8), 8)`
  const odd = (of: string): string => `MM_srai_epi16((S)${of}, 8)`
  const x86 =
    helper === "i32.dot4_u7"
      ? [
          ...vnni((avx) => `return (I)MM_dpbusd${avx}_epi32((S)sum, (S)b, (S)a);`),
          // pairs come to 2 · 127 · 128 at most, and so never saturate
          [guard, added(["MM_madd_epi16(MM_maddubs_epi16((S)b, (S)a), MM_set1_epi16(1))"])] as const,
        ]
      : [
          // a + 128 has no sign, and costs 128 times the bytes of b
          ...vnni(
            (avx) => `const S less = MM_dpbusd${avx}_epi32(MM_setzero_si512(), MM_set1_epi8(-128), (S)b);
  return (I)MM_dpbusd${avx}_epi32(MM_sub_epi32((S)sum, less), (S)(a ^ I_splat(INT32_C(-2139062144))), (S)b);`,
          ),
          [
            guard,
            added([`MM_madd_epi16(${even("a")}, ${even("b")})`, `MM_madd_epi16(${odd("a")}, ${odd("b")})`]),
          ] as const,
        ]
  return {
    better: [
      ...x86,
      ...neon("return (I)vdotq_s32((int32x4_t)sum, (int8x16_t)a, (int8x16_t)b);", " && defined(__ARM_FEATURE_DOTPROD)"),
      ...neon(`const int8x16_t p = (int8x16_t)a, q = (int8x16_t)b;
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(p), vget_low_s8(q))), high = vpaddlq_s16(vmull_high_s8(p, q));
  ${added(["vpaddq_s32(low, high)"])}`),
    ],
    plain: added([0, 1, 2, 3].map((at) => `(${byte("a", at)} * ${byte("b", at)})`)),
  }
}

/**
 * How x86 reads so many bytes into a vector that its widening instructions take. The empty instruction keeps gcc 12 from
 * joining a short read with the widening and a choice, which ends it with "could not split insn".
 */
const X86_READ: Readonly<Record<number, string>> = {
  4: 'int32_t w; __builtin_memcpy(&w, p, 4); __m128i v = _mm_cvtsi32_si128(w); __asm__("" : "+x"(v));',
  8: '__m128i v = _mm_loadl_epi64((const void *)p); __asm__("" : "+x"(v));',
  16: "const __m128i v = _mm_loadu_si128((const void *)p);",
  32: "const __m256i v = _mm256_loadu_si256((const void *)p);",
}
const X86_WRITE: Readonly<Record<number, string>> = {
  4: "const int32_t w = _mm_cvtsi128_si32(r); __builtin_memcpy(p, &w, 4);",
  8: "_mm_storel_epi64((void *)p, r);",
  16: "_mm_storeu_si128((void *)p, r);",
  32: "_mm256_storeu_si256((void *)p, r);",
}
const NEON_READ: Readonly<Partial<Record<Stored, string>>> = {
  i8: "uint32_t w; __builtin_memcpy(&w, p, 4); return (I)vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(w))));",
  u8: "uint32_t w; __builtin_memcpy(&w, p, 4); return (I)vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(w))));",
  i16: "return (I)vmovl_s16(vld1_s16(p));",
  u16: "return (I)vmovl_u16(vld1_u16(p));",
}
const NEON_WRITE: Readonly<Record<1 | 2, string>> = {
  1: `const int16x4_t h = vmovn_s32((int32x4_t)v);
  const uint32_t w = vget_lane_u32(vreinterpret_u32_s8(vmovn_s16(vcombine_s16(h, h))), 0);
  __builtin_memcpy(p, &w, 4);`,
  2: "vst1_s16((int16_t *)p, vmovn_s32((int32x4_t)v));",
}
const BYTES = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, f32: 4 } as const satisfies Readonly<Record<Stored, number>>
const sign = (dtype: Stored): "i" | "u" => (dtype.startsWith("u") ? "u" : "i")
const whole = (vector: string): Body => ({
  plain: `${vector} v; __builtin_memcpy(&v, p, sizeof v); return (${vector})v;`,
})

function loadBody(dtype: Stored, width: Width): Body {
  const bytes = BYTES[dtype]
  if (bytes === 4) return whole(dtype === "f32" ? "F" : "I")
  const [read, to] = [X86_READ[bytes * width]!, `ep${sign(dtype)}${8 * bytes}_epi32`]
  return {
    better: [
      [X86[width].guard, `${read} return (I)MM_cvt${to}(v);`],
      ...(width === 4 ? [[AARCH64, NEON_READ[dtype]!] as const] : []),
    ],
    plain: `${dtype}x${width} v; __builtin_memcpy(&v, p, sizeof v); return __builtin_convertvector(v, I);`,
  }
}
function packBody(packed: Packed, dtype: Stored, width: Width): Body {
  if (packed * BYTES[dtype] === 4) return whole("I")
  const halves = `${sign(dtype)}16x${2 * width}`
  return {
    better: [
      [X86[width].guard, `${X86_READ[2 * width]} return (I)MM_cvtep${sign(dtype)}8_epi16(v);`],
      ...(width === 4
        ? [
            [
              AARCH64,
              `return (I)vmovl_${sign(dtype) === "i" ? "s" : "u"}8(vld1_${sign(dtype) === "i" ? "s" : "u"}8(p));`,
            ] as const,
          ]
        : []),
    ],
    plain: `${dtype}x${2 * width} v; __builtin_memcpy(&v, p, sizeof v); return (I)__builtin_convertvector(v, ${halves});`,
  }
}
/** A store keeps the low bytes of each lane. */
function storeBody(dtype: Stored, width: Width): Body {
  const bytes = BYTES[dtype]
  if (bytes === 4) return { plain: "__builtin_memcpy(p, &v, sizeof v);" }
  const write = X86_WRITE[bytes * width]!
  const result = bytes * width === 32 ? "__m256i" : "__m128i"
  const vl = width === 16 ? X86[16].guard : "defined(__AVX512VL__)"
  const low = [0, 4, 8, 12].flatMap((at) => (bytes === 1 ? [at] : [at, at + 1])).join(", ")
  const rest = Array(16 - 4 * bytes)
    .fill("-1")
    .join(", ")
  const bring = (of: string): string => `_mm_shuffle_epi8(${of}, _mm_setr_epi8(${low}, ${rest}))`
  const together =
    width === 4
      ? `const __m128i r = ${bring("(S)v")};`
      : `const __m128i l = ${bring("_mm256_castsi256_si128((S)v)")}, h = ${bring("_mm256_extracti128_si256((S)v, 1)")};
  const __m128i r = _mm_unpacklo_epi${32 * bytes}(l, h);`
  return {
    better: [
      [vl, `const ${result} r = MM_cvtepi32_epi${8 * bytes}((S)v); ${write}`],
      ...(width < 16 ? [[X86[width].guard, `${together} ${write}`] as const] : []),
      ...(width === 4 ? [[AARCH64, NEON_WRITE[bytes]] as const] : []),
    ],
    plain: `const ${dtype}x${width} r = __builtin_convertvector(v, ${dtype}x${width}); __builtin_memcpy(p, &r, sizeof r);`,
  }
}

function signatureOf(helper: Helper): string {
  const [kind, name] = helper.split(".") as [string, string]
  if (kind === "store") return `void NAME(${TYPE[name as Stored]} *p, ${name === "f32" ? "F" : "I"} v)`
  if (kind === "load" || kind.startsWith("pack"))
    return `${name === "f32" ? "F" : "I"} NAME(const ${TYPE[name as Stored]} *p)`
  const own = kind === "f32" ? "F" : "I"
  if (name === "splat") return `${own} NAME(${kind === "f32" ? "float" : "int32_t"} a)`
  if (name === "choose") return `${own} NAME(I c, ${own} a, ${own} b)`
  if (name.startsWith("dot")) return "I NAME(I sum, I a, I b)"
  if (name.startsWith("sh")) return "I NAME(I a, int32_t n)"
  if (!Object.hasOwn(UNARY, helper)) return `${isMask(helper as Binary) ? "I" : own} NAME(${own} a, ${own} b)`
  const takes = helper === "f32.from_i32" || helper === "f32.of_bits" ? "I" : "F"
  return `${own} NAME(${takes} a)`
}

function define(helper: Helper, width: Width): string {
  const { plain, better = [] } = bodyOf(helper, width)
  const branches = better.flatMap(([guard, text], i) => [`#${i === 0 ? "if" : "elif"} ${guard}`, `  ${text}`])
  const body = better.length === 0 ? [`  ${plain}`] : [...branches, "#else", `  ${plain}`, "#endif"]
  const { intrinsic, vector } = X86[width]
  return [`LANES ${signatureOf(helper)} {`, ...body, "}"]
    .join("\n")
    .replace(/\bNAME\b/g, nameOf(helper, width))
    .replace(/\b([IFU])(?=_|\b)/g, (_, of: "I" | "F" | "U") => `${{ I: "i32", F: "f32", U: "u32" }[of]}x${width}`)
    .replace(/_setzero_si512/g, `_setzero_si${32 * width}`)
    .replace(/\bMM(?=_)/g, intrinsic)
    .replace(/\bS\b/g, vector)
    .replace(/\bW\b/g, `${width}`)
}

/** They take a compiler a tenth of a second to read. */
const INTRINSICS = `#if defined(__SSE4_1__)
#include <immintrin.h>
#elif ${AARCH64}
#include <arm_neon.h>
#endif
`

/** What programs with vectors start with beside the prelude of scalars: only the helpers that they call, and what those call. */
export function vectorPrelude(used: ReadonlyMap<Width, ReadonlySet<Helper>>): string {
  const helpers = [...used].flatMap(([width, own]) => {
    const basic: readonly Helper[] = ["i32.splat", "f32.splat", "i32.choose", "f32.choose"]
    return [...new Set([...basic, ...[...own].sort()])].map((helper) => define(helper, width))
  })
  const types = new Set(helpers.flatMap((text) => text.match(/\b[iuf](?:8|16|32)x\d+(?=\b|_)/g) ?? []))
  const typedefs = [...types].map((name) => {
    const [element, lanes] = name.split("x") as [string, string]
    const bytes = (Number(element.slice(1)) / 8) * Number(lanes)
    return `typedef ${TYPE[element as Stored] ?? "uint32_t"} ${name} __attribute__((vector_size(${bytes})));`
  })
  return `${helpers.some((text) => text.includes("#if")) ? INTRINSICS : ""}#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are read out of neighbouring parts, the first one lowest"
#endif
#pragma GCC diagnostic ignored "-Wpsabi"
#define LANES static inline __attribute__((always_inline, unused))
${typedefs.join("\n")}
${helpers.join("\n")}
`
}
