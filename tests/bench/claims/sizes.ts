import { PEERS, type PeerKind } from './peers.ts'

/** How much of everything. */
export interface Sizes {
  /** Of measures that take turns. */
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly runSeconds: number
  /** The other queues that are measured beside ours. */
  readonly peers: readonly PeerKind[]
  readonly backlog: { readonly few: number; readonly many: number; readonly claims: number }
  readonly wakeUps: number
  readonly heldSnapshotSeconds: number
  readonly waiting: {
    readonly agents: number
    readonly connectionsPerAgent: number
    /** Between the last one that asked and the silence that is measured. */
    readonly settleSeconds: number
    readonly quietSeconds: number
    readonly served: number
  }
  readonly undecidedTasks: number
  readonly dispatch: {
    readonly hosts: number
    readonly tasks: number
    readonly toPlace: number
    readonly cycles: number
  }
}

export const FULL: Sizes = {
  rounds: 5,
  warmUpSeconds: 2,
  runSeconds: 4,
  peers: PEERS,
  backlog: { few: 1_000, many: 1_000_000, claims: 300 },
  wakeUps: 300,
  heldSnapshotSeconds: 60,
  waiting: { agents: 1_000, connectionsPerAgent: 10, settleSeconds: 5, quietSeconds: 15, served: 30 },
  undecidedTasks: 300_000,
  dispatch: { hosts: 1_000, tasks: 100_000, toPlace: 1_000, cycles: 7 },
}

/** For trying whether it all works; the figures say little. */
export const QUICK: Sizes = {
  rounds: 2,
  warmUpSeconds: 1,
  runSeconds: 2,
  peers: PEERS,
  backlog: { few: 500, many: 20_000, claims: 50 },
  wakeUps: 40,
  heldSnapshotSeconds: 4,
  waiting: { agents: 100, connectionsPerAgent: 10, settleSeconds: 2, quietSeconds: 4, served: 5 },
  undecidedTasks: 10_000,
  dispatch: { hosts: 100, tasks: 5_000, toPlace: 100, cycles: 3 },
}

/** For the test of the benchmark itself: a few seconds in all. */
export const TINY: Sizes = {
  rounds: 1,
  warmUpSeconds: 0,
  runSeconds: 1,
  peers: [],
  backlog: { few: 20, many: 200, claims: 5 },
  wakeUps: 2,
  heldSnapshotSeconds: 1,
  waiting: { agents: 2, connectionsPerAgent: 5, settleSeconds: 0, quietSeconds: 1, served: 1 },
  undecidedTasks: 200,
  dispatch: { hosts: 5, tasks: 50, toPlace: 5, cycles: 1 },
}
