import type { Node } from "../graph/graph.ts"
import {
  add,
  exp,
  fill,
  larger,
  log,
  multiply,
  negate,
  sigmoid,
  stopGradient,
  subtract,
  tanh,
} from "../graph/operations.ts"

/** y = x above 0, else 0; NaN stays. Its slope at 0 is 1, since x is not below 0 there. */
export const relu = (x: Node): Node => larger(x, fill(0, x))

/** y = x · sigmoid(x). Source: Elfwing et al. 2018, arXiv:1702.03118, equation 10. */
export const silu = (x: Node): Node => multiply(x, sigmoid(x))

/**
 * y = x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). Error: 0.0005 against x · Φ(x), which it stands for.
 * Source: Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2.
 */
export function gelu(x: Node): Node {
  const cube = multiply(multiply(x, x), x)
  const inner = multiply(add(x, multiply(cube, fill(0.044715, x))), fill(Math.sqrt(2 / Math.PI), x))
  return multiply(multiply(x, fill(0.5, x)), add(tanh(inner), fill(1, x)))
}

/** y = log(1 + eˣ), for finite x: as m + log(e^-m + e^(x - m)), m = relu(x), which cannot overflow. */
export function softplus(x: Node): Node {
  const m = stopGradient(relu(x)) // it cancels, so no slope follows it
  return add(m, log(add(exp(negate(m)), exp(subtract(x, m)))))
}
