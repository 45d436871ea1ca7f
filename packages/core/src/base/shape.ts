/** Lengths of a tensor's axes, outermost first; [] is a single number. */
export type Shape = readonly number[]

export const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1)
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, axis) => n === b[axis])

/** Distance in elements between neighbours along each axis, row-major. */
export function stridesOf(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}
