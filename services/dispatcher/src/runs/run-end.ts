import type { FollowResult, LaunchResult } from '../ssh/index.ts'

/** How a replica's part in a run ends. */
export type RunEnd =
  | Extract<LaunchResult, { kind: 'workdir_missing' | 'command_not_found' | 'not_started' }>
  | Extract<FollowResult, { kind: 'exited' | 'lost' | 'never_started' }>
  /** The host could not be dialled, so nothing was started. */
  | { readonly kind: 'not_dialled'; readonly message: string }
  /** Stopped by ourselves before anything was started. */
  | { readonly kind: 'not_begun' }
  /** Ended because somebody asked for it, and seen to be gone. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'kill_unverified'; readonly message: string }
  /** It runs or ran on its host, which could not be reached for too long. */
  | { readonly kind: 'out_of_reach'; readonly message: string }
  /** It runs or ran on its host, and is no longer ours to follow. */
  | { readonly kind: 'let_go' }
  /** An orphan that could not be looked for. */
  | { readonly kind: 'not_probed'; readonly message: string }
