/**
 * round(one · 2^(-i/256)), i = 0 … 255: what a softmax over 1/256 bits is made of.
 *
 * The 256th root of ½ comes by eight correctly rounded square roots, then by products: no library's pow, whose last bit
 * varies.
 */
export function powersOfHalf(one: number): readonly number[] {
  let root = 0.5
  for (let i = 0; i < 8; i++) root = Math.sqrt(root)
  const powers = [1]
  while (powers.length < 256) powers.push(powers.at(-1)! * root)
  return powers.map((power) => Math.round(power * one))
}
