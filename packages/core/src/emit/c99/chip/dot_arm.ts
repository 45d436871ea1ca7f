import type { Dot, PrintedDot } from "./dot.ts"
import { m0Text } from "./dot_m0.ts"
import { m4Text } from "./dot_m4.ts"
import { areNibbles } from "./dot_pack.ts"
import { callOf, printPlainDot } from "./dot_plain.ts"

/**
 * One text for every processor but AVR: SMLAD where there is one (Cortex-M4, M7, M33), two lanes a multiply on ARMv6-M
 * (Cortex-M0, M0+), plain C elsewhere. All give the same sums; each target carries only its own packed weights.
 */
export function printArmDot(dot: Dot): PrintedDot {
  const block = blockOf(dot)
  const text = `#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__) && !defined(__ARM_BIG_ENDIAN)
${m4Text(dot, block)}#elif (defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)) && !defined(__ARM_BIG_ENDIAN)
${m0Text(dot, block)}#else
${printPlainDot(dot, false, block).text}
#endif
`
  return { text, block, call: callOf(dot) }
}

/** Eight rows a call share more; four where eight would leave four idle, except nibbles, which are as fast idle. */
function blockOf(dot: Dot): 4 | 8 {
  if (areNibbles(dot) && dot.data !== "i16") return dot.outputs > 4 ? 8 : 4
  return Math.ceil(dot.outputs / 4) % 2 === 0 ? 8 : 4
}
