import { collectDefaultMetrics, Registry } from 'prom-client'

/** One process's metrics. Counters and histograms join by `registers: [metrics.registry]`. */
export interface Metrics {
  readonly registry: Registry
  readonly contentType: string
  /** The Prometheus text exposition of everything registered. */
  readonly text: () => Promise<string>
}

/** A registry of its own for this process (never prom-client's global one), with Node's default metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registry, contentType: registry.contentType, text: () => registry.metrics() }
}
