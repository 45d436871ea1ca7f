import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

export interface Metrics {
  readonly registry: Registry
  readonly requests: Histogram<"method" | "route" | "status">
  readonly pushes: Counter<"outcome">
  readonly receivedBytes: Counter
  /** Results of jobs of the gate. */
  readonly results: Counter<"outcome">
  /** Results that differed, so that the referee was asked. */
  readonly disputes: Counter
  /** Results that agreed, and of which the referee ran an item too. */
  readonly audits: Counter
  readonly verdicts: Counter<"kind">
  /** Told when asked. */
  readonly candidates: Gauge<"state">
  readonly jobs: Gauge
  readonly workers: Gauge
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
    results: new Counter({
      name: "hub_gate_results_total",
      help: "Results of jobs of the gate; void ones were found to be wrong",
      labelNames: ["outcome"],
      registers,
    }),
    disputes: new Counter({
      name: "hub_gate_disputes_total",
      help: "Jobs about which the referee was asked",
      registers,
    }),
    audits: new Counter({
      name: "hub_gate_audits_total",
      help: "Jobs that the referee did in part too, though all agreed",
      registers,
    }),
    verdicts: new Counter({
      name: "hub_gate_verdicts_total",
      help: "Candidates that were decided",
      labelNames: ["kind"],
      registers,
    }),
    candidates: new Gauge({
      name: "hub_gate_candidates",
      help: "Candidates that are open",
      labelNames: ["state"],
      registers,
    }),
    jobs: new Gauge({ name: "hub_gate_jobs", help: "Jobs that are open", registers }),
    workers: new Gauge({ name: "hub_gate_workers", help: "Workers that are there", registers }),
    receivedBytes: new Counter({ name: "hub_received_bytes_total", help: "Bytes of blobs taken", registers }),
  }
}
