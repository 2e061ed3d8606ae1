import { headerValue, keptHeaders, readDeliveryFacts, type DeliveryHeaders } from './delivery-headers.ts'
import { isJsonObject, type JsonObject } from './json-object.ts'
import { verifySignature } from './signature.ts'

/** A delivery whose sender is proven and whose payload is a JSON object. */
export interface Delivery {
  /** The forge's UUID for it; null when the sender gave none. */
  readonly id: string | null
  readonly event: string
  readonly eventType: string | null
  readonly payload: JsonObject
  readonly headers: Readonly<Record<string, string>>
}

export type OpenedDelivery =
  | { readonly ok: true; readonly delivery: Delivery }
  | {
      readonly ok: false
      readonly reason: 'unsupported_media_type' | 'bad_signature' | 'not_json'
      readonly message: string
    }

interface WebhookRequest {
  readonly headers: DeliveryHeaders
  readonly body: Buffer
  readonly secrets: readonly string[]
}

/**
 * Opens a webhook request: encoding, then signature, then JSON, so that nothing of an unproven sender is parsed further
 * than finding the bytes that were signed. A form-encoded delivery signs the decoded `payload` value, not the body.
 */
export function openDelivery({ headers, body, secrets }: WebhookRequest): OpenedDelivery {
  const signedContent = signedContentOf(headerValue(headers, 'content-type'), body)
  if (signedContent === null) {
    const message =
      'The delivery is neither application/json nor application/x-www-form-urlencoded; both can be chosen in the webhook’s settings.'
    return { ok: false, reason: 'unsupported_media_type', message }
  }
  const verdict = verifySignature({ headers, signedContent, secrets })
  if (!verdict.ok) return { ok: false, reason: 'bad_signature', message: verdict.message }

  const payload = parsePayload(signedContent)
  if (payload === null) {
    return {
      ok: false,
      reason: 'not_json',
      message: 'The payload must be a JSON object in UTF-8.',
    }
  }
  return { ok: true, delivery: { ...readDeliveryFacts(headers), payload, headers: keptHeaders(headers) } }
}

/** The bytes that the forge signed: of a form the decoded `payload`; null for a content type that no forge sends. */
export function signedContentOf(contentType: string, body: Buffer): Buffer | null {
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'application/json') return body
  if (mediaType !== 'application/x-www-form-urlencoded') return null
  return Buffer.from(new URLSearchParams(body.toString('utf8')).get('payload') ?? '', 'utf8')
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/** The payload; null when it is no JSON object in UTF-8. */
export function parsePayload(content: Buffer): JsonObject | null {
  try {
    const payload: unknown = JSON.parse(UTF_8.decode(content))
    return isJsonObject(payload) ? payload : null
  } catch {
    // Not UTF-8, or not JSON: both are the sender's mistake and get the same answer.
    return null
  }
}
