import { ROUTES } from '@switchyard/contract'
import type { RouteReply } from '@switchyard/contract'
import type { ApiContext } from '../context.ts'
import { bind, invalidRequest } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { explainDelivery } from '../webhooks/explain-delivery.ts'
import type { DeliveryPlan } from '../webhooks/plan.ts'

/** Trying the rules on a delivery that does not happen. */
export function bindExplain(binding: Binding, { config, rules }: ApiContext): void {
  bind(binding, ROUTES.explainDelivery, ({ body }) => {
    const answer = explainDelivery(
      { forge: body.forge ?? 'forgejo', headers: body.headers, body: body.body },
      { rules, secrets: config.SWITCHYARD_WEBHOOK_SECRET, botUser: config.SWITCHYARD_BOT_USER ?? null },
    )
    if (!answer.ok) throw invalidRequest([{ path: `body.${answer.part}`, message: answer.message }])
    const { signature, event, plan, rules: verdicts } = answer.explained
    return Promise.resolve({
      status: 200,
      body: {
        signature: {
          valid: signature.ok,
          message: signature.ok ? 'The signature fits a configured secret.' : signature.message,
        },
        event: event.event,
        action: event.action,
        repository: event.repository,
        sender: event.sender,
        rules: verdicts.map((verdict) => ({ ...verdict })),
        ...outcomeOf(plan),
      },
    } as const)
  })
}

type Outcome = Pick<RouteReply<typeof ROUTES.explainDelivery>['body'], 'outcome' | 'reason' | 'rule' | 'task'>

function outcomeOf(plan: DeliveryPlan): Outcome {
  switch (plan.kind) {
    case 'ignored':
      return { outcome: 'ignored', reason: plan.reason, rule: null, task: null }
    case 'cancel':
      return { outcome: 'cancel', reason: plan.reason, rule: null, task: null }
    case 'task': {
      const { title, prompt, requires, priority, executionMode, maxAttempts, concurrencyKey } = plan.task
      const before =
        plan.cancelFirst === null ? '' : `; unfinished tasks are cancelled first: ${plan.cancelFirst.reason}`
      return {
        outcome: 'task',
        reason: `the rule ${plan.rule} matched${before}`,
        rule: plan.rule,
        task: {
          title,
          prompt,
          requires: [...requires],
          priority,
          execution_mode: executionMode,
          max_attempts: maxAttempts,
          concurrency_key: concurrencyKey,
        },
      }
    }
  }
}
