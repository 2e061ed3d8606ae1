/** What a check of a host looks at, in this order. */
export const HOST_CHECK_SUBJECTS = [
  'connection',
  'host_key',
  'launcher',
  'workdir',
  'command',
  'clock',
  'disk',
] as const
export type HostCheckSubject = (typeof HOST_CHECK_SUBJECTS)[number]

export const FINDING_OUTCOMES = ['ok', 'problem', 'unknown'] as const

export interface HostFinding {
  /** `unknown`: something before it kept the check from looking. */
  readonly outcome: (typeof FINDING_OUTCOMES)[number]
  /** What was found and, when it is a problem, what to do about it. */
  readonly message: string
}

export interface HostFindings {
  readonly findings: Readonly<Record<HostCheckSubject, HostFinding>>
  /** The host's clock minus the dispatcher's; null: not known. */
  readonly clockSkewSeconds: number | null
  /** On the file system of the run folders. */
  readonly freeDiskBytes: number | null
  readonly remoteUser: string | null
  /** Name, release and machine, as uname says them. */
  readonly remoteSystem: string | null
}

/** With a problem of these no run can succeed, whatever the task. The others only make it likely to fail. */
const BLOCKING = ['launcher', 'workdir', 'command'] as const satisfies readonly HostCheckSubject[]

/** Why every run on the host would fail; null when nothing that was found says so. */
export function blockingReason({ findings }: Pick<HostFindings, 'findings'>): string | null {
  const found = BLOCKING.map((subject) => findings[subject]).find(({ outcome }) => outcome === 'problem')
  return found?.message ?? null
}
