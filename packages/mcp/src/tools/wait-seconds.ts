import Type from 'typebox'

/** Below the minute after which many clients give a call up. */
const MOST = 50
export const DEFAULT_WAIT_SECONDS = 25

export const WaitSeconds = Type.Optional(
  Type.Number({
    minimum: 0,
    maximum: MOST,
    default: DEFAULT_WAIT_SECONDS,
    description: 'How long the call may wait for something to happen; 0: not at all.',
  }),
)
