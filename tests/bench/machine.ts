import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

/** Where and when it was measured. */
export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryGibibytes: number
  readonly system: string
  readonly node: string
  /** Of the last minute, before the first measurement: what others did to this machine. */
  readonly loadBefore: number
}

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGibibytes: Math.round(totalmem() / 1024 ** 3),
    // Without the local suffix: who built the kernel says nothing about the measurement.
    system: `${type()} ${release().split('-')[0] ?? ''}`,
    node: process.version,
    loadBefore: load(),
  }
}

/** The load average of the last minute. */
export function load(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2))
}

export function opensshVersion(): string {
  // It speaks on standard error.
  return execFileSync('sh', ['-c', 'ssh -V 2>&1'], { encoding: 'utf8' }).split(',')[0] ?? 'unknown'
}
