/**
 * Pauses double from a base up to a cap, and are spread by ±20 % so that tasks that failed together do not come back
 * together. `random` is a number in [0, 1); it comes in as an argument so that the result can be tested.
 */
export interface BackoffPolicy {
  readonly baseSeconds: number
  readonly capSeconds: number
}

/** Between a failed attempt and the next one. */
export const RETRY_BACKOFF: BackoffPolicy = { baseSeconds: 10, capSeconds: 900 }

/**
 * Between two dials of a host that failed. The cap keeps a dead host's probing below what OpenSSH's
 * PerSourcePenalties (sshd_config(5), since 9.8) would answer with a ban.
 */
export const HOST_COOLDOWN: BackoffPolicy = { baseSeconds: 10, capSeconds: 300 }

/** Between two tries to reach the host of a run that is followed or orphaned. */
export const REACH_BACKOFF: BackoffPolicy = { baseSeconds: 1, capSeconds: 60 }

/** Seconds to pause after the `failures`th failure in a row (1 for the first). */
export function backoffSeconds(policy: BackoffPolicy, failures: number, random: number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 30)
  const pause = Math.min(policy.baseSeconds * 2 ** exponent, policy.capSeconds)
  return pause * (0.8 + 0.4 * random)
}
