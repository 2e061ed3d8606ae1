import { createHash } from 'node:crypto'

export interface HostKey {
  /** As `ssh-keygen -lf` prints it: `SHA256:` and unpadded base64. */
  readonly sha256: string
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` … */
  readonly type: string
}

/** Reads a public key in SSH's wire format (RFC 4253 §6.6: the key's type comes first, as a string). */
export function describeHostKey(key: Buffer): HostKey {
  const sha256 = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0
  return { sha256, type: key.toString('latin1', 4, 4 + Math.min(length, 64)) }
}

/** Compares fingerprints as people paste them: blanks around them and base64 padding do not matter. */
export function isSameFingerprint(one: string, other: string): boolean {
  return normalise(one) === normalise(other)
}

function normalise(fingerprint: string): string {
  return fingerprint.trim().replace(/=+$/, '')
}
