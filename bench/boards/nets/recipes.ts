import { windowsOf } from "@open-brains/core/nn/convolution.ts"
import type { Layer } from "@open-brains/core/quantise/layers.ts"
import type { SequentialNet, SequentialRecipe } from "@open-brains/core/train/sequential.ts"

/** A net of the bench and how it is learnt. */
export interface BenchNet {
  readonly net: SequentialNet
  readonly recipe: SequentialRecipe
  /** Whether it sees the images in 8 × 8. */
  readonly isSmall: boolean
}
const convolution = (name: string, outputs: number): readonly Layer[] => [
  { kind: "convolution", name, outputs, windows: windowsOf([3, 3], { stride: [2, 2] }) },
  { kind: "relu" },
]
const PIXEL = 1 / 255

/**
 * The shape of TinyMaix's MNIST net for an Uno: 3 convolutions by steps of 2, a mean and a dense layer; 3,201
 * multiplications. TinyMaix counts 318 parameters, with 4 a channel for the batch norm that is not used here.
 * Source of the shape: github.com/sipeed/TinyMaix, its MNIST example for Arduino.
 */
const TINY: SequentialNet = {
  shape: [28, 28, 1],
  inputScale: PIXEL,
  levels: 255,
  layers: [
    ...convolution("first", 1),
    ...convolution("second", 3),
    ...convolution("third", 6),
    { kind: "globalAverage" },
    { kind: "dense", name: "out", outputs: 10 },
  ],
}
/** 64 → 32 → 10: 2,368 multiplications. */
const mlp = (levels: SequentialNet["levels"]): SequentialNet => ({
  shape: [64],
  inputScale: PIXEL,
  levels,
  layers: [
    { kind: "dense", name: "hidden", outputs: 32 },
    { kind: "relu" },
    { kind: "dense", name: "out", outputs: 10 },
  ],
})

export const BENCH_NETS = {
  "mnist-tiny": {
    net: TINY,
    isSmall: false,
    recipe: { epochs: 24, batch: 100, rate: 0.01, weightDecay: 0.001, averageDecay: 0.998 },
  },
  "digits-int8": {
    net: mlp(255),
    isSmall: true,
    recipe: { epochs: 40, batch: 100, rate: 0.01, weightDecay: 0.01, averageDecay: 0.99 },
  },
  "digits-int4": {
    net: mlp(15),
    isSmall: true,
    recipe: { epochs: 40, batch: 100, rate: 0.01, weightDecay: 0.01, averageDecay: 0.99 },
  },
} as const satisfies Readonly<Record<string, BenchNet>>
export type BenchNetName = keyof typeof BENCH_NETS
