/** A host as the dispatcher dials it. */
export interface SshTarget {
  readonly id: string
  /** A name or an IP address; as the jump host knows it, when there is one. */
  readonly address: string
  readonly port: number
  readonly user: string
  /** A private key; null asks the ssh-agent. */
  readonly privateKeyPath: string | null
  /** The variable of our environment that holds the passphrase of an encrypted key. */
  readonly privateKeyPassphraseVariable?: string | null
  /** The variable of our environment that holds the password to log in with instead of a key. */
  readonly passwordVariable?: string | null
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. Any other key refuses the connection. */
  readonly hostKeySha256: string
  /** The host that forwards to this one. */
  readonly proxyJump?: SshTarget | null
}

/** Why there is no session. None of these has run anything on the host. */
export interface DialFailure {
  readonly kind:
    | 'unreachable'
    | 'timed_out'
    | 'host_key_mismatch'
    | 'authentication_failed'
    | 'key_unreadable'
    | 'password_refused'
    | 'agent_unavailable'
    | 'cancelled'
  /** A sentence for whoever looks after the host. */
  readonly message: string
  /** The key that the host showed, when it got so far. */
  readonly shownHostKeySha256?: string
  /** The jump host that failed, when it is not the host itself. */
  readonly hop?: string
}

export type DialResult<Connected> =
  { readonly ok: true; readonly value: Connected } | { readonly ok: false; readonly failure: DialFailure }

/** Everything that decides which connection a target gets: targets that agree in it share theirs. */
export function connectionKey(target: SshTarget): string {
  const { address, port, user, privateKeyPath, hostKeySha256, proxyJump } = target
  return JSON.stringify([
    ...[address, port, user, privateKeyPath, hostKeySha256],
    ...[target.privateKeyPassphraseVariable ?? null, target.passwordVariable ?? null],
    proxyJump === null || proxyJump === undefined ? null : connectionKey(proxyJump),
  ])
}
