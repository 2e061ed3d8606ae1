/** A host as the dispatcher dials it. */
export interface SshTarget {
  readonly id: string
  /** A name or an IP address. */
  readonly address: string
  readonly port: number
  readonly user: string
  /** An unencrypted private key; null asks the ssh-agent. */
  readonly privateKeyPath: string | null
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. Any other key refuses the connection. */
  readonly hostKeySha256: string
}

/** Why there is no session. None of these has run anything on the host. */
export interface DialFailure {
  readonly kind:
    | 'unreachable'
    | 'timed_out'
    | 'host_key_mismatch'
    | 'authentication_failed'
    | 'key_unreadable'
    | 'agent_unavailable'
    | 'cancelled'
  /** A sentence for whoever looks after the host. */
  readonly message: string
  /** The key that the host showed, when it got so far. */
  readonly shownHostKeySha256?: string
}

export type DialResult<Connected> =
  { readonly ok: true; readonly value: Connected } | { readonly ok: false; readonly failure: DialFailure }
