import { Counter, Gauge, Histogram, type Metrics } from '@switchyard/platform'

/** What is counted. Labels have few values: ids belong into the log. */
export interface DispatcherMetrics {
  readonly claims: Counter
  readonly claimLatency: Histogram
  readonly cycleSeconds: Histogram
  readonly phaseFailures: Counter<'phase'>
  readonly dials: Counter<'outcome'>
  readonly renewalFailures: Counter
  readonly leaseLosses: Counter<'cause'>
  readonly runs: Counter<'outcome'>
  readonly adoptions: Counter
  readonly reconnects: Counter
  readonly runSeconds: Histogram
  readonly runsInProgress: Gauge
  readonly flips: Counter
  readonly expiries: Counter<'event'>
  readonly outages: Counter
}

export function createDispatcherMetrics({ registry }: Pick<Metrics, 'registry'>): DispatcherMetrics {
  const registers = [registry]
  return {
    claims: new Counter({
      registers,
      name: 'switchyard_ssh_claims_total',
      help: 'Tasks that this dispatcher claimed for hosts.',
    }),
    claimLatency: new Histogram({
      registers,
      name: 'switchyard_ssh_claim_latency_seconds',
      help: 'How long tasks were pending before this dispatcher claimed them.',
      buckets: [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 300, 1800, 7200],
    }),
    cycleSeconds: new Histogram({
      registers,
      name: 'switchyard_dispatch_cycle_seconds',
      help: 'How long dispatch cycles took.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    phaseFailures: new Counter({
      registers,
      name: 'switchyard_dispatch_phase_failures_total',
      help: 'Phases of dispatch cycles that failed, for all or for one task.',
      labelNames: ['phase'],
    }),
    dials: new Counter({
      registers,
      name: 'switchyard_ssh_dials_total',
      help: 'Dials of hosts: ok, or how they failed.',
      labelNames: ['outcome'],
    }),
    renewalFailures: new Counter({
      registers,
      name: 'switchyard_ssh_renewal_failures_total',
      help: 'Renewals of leases that failed for another reason than an absent database; each is tried again.',
    }),
    leaseLosses: new Counter({
      registers,
      name: 'switchyard_ssh_lease_losses_total',
      help: 'Runs whose lease was taken back, or could not be renewed in time.',
      labelNames: ['cause'],
    }),
    runs: new Counter({
      registers,
      name: 'switchyard_ssh_runs_total',
      help: 'Runs that this dispatcher is done with, by what became of the task.',
      labelNames: ['outcome'],
    }),
    adoptions: new Counter({
      registers,
      name: 'switchyard_ssh_adoptions_total',
      help: 'Orphaned runs that this dispatcher found on their hosts and went on following.',
    }),
    reconnects: new Counter({
      registers,
      name: 'switchyard_ssh_reconnects_total',
      help: 'How often the host of a run that was being followed could not be reached.',
    }),
    runSeconds: new Histogram({
      registers,
      name: 'switchyard_ssh_run_seconds',
      help: 'How long this dispatcher was occupied with runs, from the claim or the adoption on.',
      buckets: [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400],
    }),
    runsInProgress: new Gauge({
      registers,
      name: 'switchyard_ssh_runs_in_progress',
      help: 'Runs that this dispatcher starts, looks for or follows.',
    }),
    flips: new Counter({
      registers,
      name: 'switchyard_flips_total',
      help: 'Undecided tasks that became http_pull because no host took them in time.',
    }),
    expiries: new Counter({
      registers,
      name: 'switchyard_expired_claims_total',
      help: 'Claims whose lease or start deadline passed, by what became of the task.',
      labelNames: ['event'],
    }),
    outages: new Counter({
      registers,
      name: 'switchyard_database_outages_total',
      help: 'How often the database went away.',
    }),
  }
}
