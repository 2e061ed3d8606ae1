import { createHmac, timingSafeEqual } from 'node:crypto'
import { headerValue, type DeliveryHeaders } from './delivery-headers.ts'

export type SignatureVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'missing' | 'malformed' | 'mismatch'; readonly message: string }

interface SignedRequest {
  readonly headers: DeliveryHeaders
  /** The bytes the forge signed: the body, or for form-encoded deliveries the decoded `payload` value. */
  readonly signedContent: Buffer
  /** All secrets that are valid now; more than one while a secret is being replaced. */
  readonly secrets: readonly string[]
}

/** Forgejo's own header first. X-Hub-Signature-256 is the only one with a prefix. */
const SIGNATURE_HEADERS = [
  { name: 'x-forgejo-signature', prefix: '' },
  { name: 'x-gitea-signature', prefix: '' },
  { name: 'x-hub-signature-256', prefix: 'sha256=' },
] as const

const SHA256_HEX = /^[0-9a-f]{64}$/

/**
 * Checks the HMAC-SHA256 of a delivery (Forgejo documentation, “Webhooks”; the same in Gitea). The first header that is
 * not empty decides; a hook without a secret sends them all, but empty. Takes equally long whichever secret fits.
 */
export function verifySignature({ headers, signedContent, secrets }: SignedRequest): SignatureVerdict {
  const signed = SIGNATURE_HEADERS.map(({ name, prefix }) => ({
    name,
    prefix,
    value: headerValue(headers, name),
  }))
  const deciding = signed.find(({ prefix, value }) => value !== '' && value !== prefix)
  if (deciding === undefined) {
    return refuse(
      'missing',
      'The delivery is not signed. Set the same secret in the forge’s webhook settings and here.',
    )
  }
  const { name, prefix, value } = deciding
  const hex = value.startsWith(prefix) ? value.slice(prefix.length) : ''
  if (!SHA256_HEX.test(hex)) {
    return refuse(
      'malformed',
      `The header ${name} must look like ${prefix}<64 lower-case hexadecimal digits>.`,
    )
  }
  const usable = secrets.filter((secret) => secret !== '')
  if (!matchesAny(Buffer.from(hex, 'hex'), signedContent, usable)) {
    return refuse(
      'mismatch',
      `The signature in ${name} fits no configured secret. Compare the secret on both sides.`,
    )
  }
  return { ok: true }
}

function matchesAny(signature: Buffer, content: Buffer, secrets: readonly string[]): boolean {
  // Every secret is tried, also after one has matched: the time taken must not tell which it was.
  const matches = secrets.filter((secret) =>
    timingSafeEqual(createHmac('sha256', secret).update(content).digest(), signature),
  )
  return matches.length > 0
}

function refuse(reason: 'missing' | 'malformed' | 'mismatch', message: string): SignatureVerdict {
  return { ok: false, reason, message }
}
