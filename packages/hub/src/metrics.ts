import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client"

export interface Metrics {
  readonly registry: Registry
  readonly requests: Histogram<"method" | "route" | "status">
  readonly pushes: Counter<"outcome">
  readonly receivedBytes: Counter
}
export function openMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    requests: new Histogram({
      name: "hub_request_seconds",
      help: "Time from the head of a request to the end of its answer",
      labelNames: ["method", "route", "status"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    pushes: new Counter({ name: "hub_pushes_total", help: "Signed pushes", labelNames: ["outcome"], registers }),
    receivedBytes: new Counter({ name: "hub_received_bytes_total", help: "Bytes of blobs taken", registers }),
  }
}
