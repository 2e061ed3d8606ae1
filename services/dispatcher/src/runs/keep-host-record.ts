import { backoffSeconds, HOST_COOLDOWN } from '@switchyard/core'
import { recordDialFailure, recordDialSuccess } from '@switchyard/store'
import type { Host } from '@switchyard/store'
import type { DispatcherContext } from '../context.ts'
import { insist } from './insist.ts'

type RecordContext = Pick<DispatcherContext, 'pool' | 'clock' | 'outage' | 'events' | 'random'>

/** A host that cannot be dialled, or starts nothing, is left alone for a while that grows with each failure. */
export async function recordHostFailed(
  context: RecordContext,
  giveUp: AbortSignal,
  host: Host,
  failure: { readonly message: string; readonly shownHostKeySha256?: string },
): Promise<void> {
  const { pool, clock, events, random } = context
  const until = await insist(context, giveUp, () =>
    recordDialFailure(pool, {
      hostId: host.id,
      cooldownSeconds: backoffSeconds(HOST_COOLDOWN, host.failures + 1, random()),
      error: failure.message,
      shownHostKeySha256: failure.shownHostKeySha256 ?? null,
      now: clock.sqlNow(),
    }),
  )
  if (until !== undefined && until !== null) events.hostCoolingDown(host.id, until)
}

/** A host that got a command ready is trusted with all its slots again. */
export async function recordHostWorked(
  context: RecordContext,
  giveUp: AbortSignal,
  host: Host,
): Promise<void> {
  const { pool, clock } = context
  await insist(context, giveUp, () => recordDialSuccess(pool, host.id, clock.sqlNow()))
}
