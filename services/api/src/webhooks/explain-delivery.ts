import { matchRule } from '../rules/match-rule.ts'
import type { Rule } from '../rules/rule.ts'
import { headerValue, readDeliveryFacts, type DeliveryHeaders } from './delivery-headers.ts'
import { parsePayload, signedContentOf } from './delivery.ts'
import { toForgeEvent, type Forge, type ForgeEvent } from './forge-event.ts'
import { planDelivery, type DeliveryPlan, type PlanOptions } from './plan.ts'
import { verifySignature, type SignatureVerdict } from './signature.ts'

interface ExplainedRequest {
  readonly forge: Forge
  /** Names in any case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Settings extends PlanOptions {
  readonly rules: readonly Rule[]
  readonly secrets: readonly string[]
}

/** What would become of a delivery. */
export interface ExplainedDelivery {
  readonly signature: SignatureVerdict
  readonly event: ForgeEvent
  readonly plan: DeliveryPlan
  /** Every rule in force, in their order. */
  readonly rules: readonly { readonly name: string; readonly fits: boolean; readonly reason: string }[]
}

export type Explained =
  | { readonly ok: true; readonly explained: ExplainedDelivery }
  | { readonly ok: false; readonly part: 'headers' | 'body'; readonly message: string }

/**
 * Reads a delivery as the webhook does, and tries the rules on it. Pure. Other than there, a signature that does not fit keeps nothing
 * from being explained: whoever asks has a token of their own.
 */
export function explainDelivery(
  { forge, headers: given, body }: ExplainedRequest,
  settings: Settings,
): Explained {
  const headers: DeliveryHeaders = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const contentType = headerValue(headers, 'content-type')
  const signedContent = signedContentOf(
    contentType === '' ? 'application/json' : contentType,
    Buffer.from(body, 'utf8'),
  )
  if (signedContent === null) {
    const message = `has the Content-Type ${contentType}, which is neither application/json nor application/x-www-form-urlencoded`
    return { ok: false, part: 'headers', message }
  }
  const payload = parsePayload(signedContent)
  if (payload === null) return { ok: false, part: 'body', message: 'is not a JSON object' }
  const event = toForgeEvent({ forge, ...readDeliveryFacts(headers), payload })
  return {
    ok: true,
    explained: {
      signature: verifySignature({ headers, signedContent, secrets: settings.secrets }),
      event,
      plan: planDelivery(event, settings.rules, { botUser: settings.botUser }),
      rules: settings.rules.map((rule) => {
        const verdict = matchRule(rule, event)
        const reason = verdict.fits ? 'every condition is fulfilled' : verdict.because
        return { name: rule.name, fits: verdict.fits, reason }
      }),
    },
  }
}
