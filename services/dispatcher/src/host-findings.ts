import type { HostFinding, HostFindings } from '@switchyard/core'
import type { Host } from '@switchyard/store'
import type { DialFailure, Examination, SshCheck } from './ssh/index.ts'

/** Leases live by the database's clock alone; but tokens, certificates and logs of what runs there depend on the host's. */
const CLOCK_SKEW_LIMIT_SECONDS = 30
const FREE_DISK_LIMIT_BYTES = 1024 ** 3

/** Says of what a check saw what it means for runs on the host, and what to do about it. */
export function findingsOf(host: Pick<Host, 'hostKeySha256'>, check: SshCheck): HostFindings {
  const { failure, examination, shownHostKeySha256: shown } = check
  const survey = examination?.survey ?? null
  const clockSkewSeconds = survey?.clockSkewSeconds ?? null
  const freeDiskBytes = survey?.freeDiskBytes ?? null
  return {
    findings: {
      connection: connectionFinding(failure),
      host_key: hostKeyFinding(host.hostKeySha256, shown),
      launcher: launcherFinding(examination),
      ...commandFindings(examination),
      clock: clockFinding(clockSkewSeconds),
      disk: diskFinding(freeDiskBytes),
    },
    clockSkewSeconds,
    freeDiskBytes,
    remoteUser: survey?.user ?? null,
    remoteSystem: survey?.system ?? null,
  }
}

/** Why the host is of no use at the moment, as `last_error` says it; null when it let us in and starts runs. */
export function errorOf({ failure, examination }: SshCheck): string | null {
  return failure?.message ?? examination?.launcher ?? null
}

function connectionFinding(failure: DialFailure | null): HostFinding {
  if (failure === null) return ok('it was reached, and let us in')
  return problem(`${failure.message}; ${adviceFor(failure)}`)
}

function adviceFor({ kind, hop }: DialFailure): string {
  const host = hop === undefined ? 'the host' : `the jump host ${hop}`
  switch (kind) {
    case 'unreachable':
    case 'timed_out':
      return `see that ${host} is up, and that the address, the port and what lies between let the dispatcher through`
    case 'host_key_mismatch':
      return `compare with what ssh-keygen -lf prints on ${host} itself, and put that into its host_key_sha256`
    case 'authentication_failed':
      return `see that ${host} lists the public key in authorized_keys of that user, or knows the password`
    case 'key_unreadable':
    case 'agent_unavailable':
    case 'password_refused':
      return `mend that where the dispatcher runs, or in the definition of ${host}`
    case 'cancelled':
      return 'check it again'
  }
}

function hostKeyFinding(expected: string, shown: string | null): HostFinding {
  if (shown === null) return unknown('it showed no key')
  if (shown === expected) return ok('it showed the key that is configured')
  return problem(
    `it showed ${shown}, but ${expected} is configured: compare with what ssh-keygen -lf prints on the host itself; ` +
      'put that into host_key_sha256 if the host was set up anew, else somebody is in between',
  )
}

function launcherFinding(examination: Examination | null): HostFinding {
  if (examination === null) return unlooked()
  const { launcher } = examination
  if (launcher === null) return ok('a trial run was started, ended and followed')
  return problem(
    `no run works there: ${launcher}; see that the user has a login shell with sh, and may write to the directory of its runs`,
  )
}

function commandFindings(
  examination: Examination | null,
): Pick<HostFindings['findings'], 'workdir' | 'command'> {
  const found = examination?.command ?? null
  if (found === null) return { workdir: unlooked(), command: unlooked() }
  const workdir = ok('commands can start there')
  if (found === 'ready') return { workdir, command: ok('its program is there and can be executed') }
  if (found.kind === 'workdir_missing')
    return {
      workdir: problem(`${found.message}: make it there, or change workdir`),
      command: unlooked(),
    }
  return { workdir, command: problem(`${found.message}: install it there, or give its full path in command`) }
}

function clockFinding(skewSeconds: number | null): HostFinding {
  if (skewSeconds === null) return unlooked()
  if (skewSeconds === 0) return ok("its clock agrees with the dispatcher's")
  const skew = `its clock is ${Math.abs(skewSeconds)} s ${skewSeconds > 0 ? 'ahead of' : 'behind'} the dispatcher's`
  if (Math.abs(skewSeconds) <= CLOCK_SKEW_LIMIT_SECONDS) return ok(skew)
  return problem(`${skew}: let both follow a time server`)
}

function diskFinding(freeBytes: number | null): HostFinding {
  if (freeBytes === null) return unlooked()
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB are free for run folders`
  return freeBytes < FREE_DISK_LIMIT_BYTES ? problem(`only ${free}: make room`) : ok(free)
}

function ok(message: string): HostFinding {
  return { outcome: 'ok', message }
}

function problem(message: string): HostFinding {
  return { outcome: 'problem', message }
}

function unknown(message: string): HostFinding {
  return { outcome: 'unknown', message }
}

function unlooked(): HostFinding {
  return unknown('the check did not get so far, or the host did not say')
}
