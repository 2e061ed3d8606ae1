/**
 * The same happening has up to three names: the Event header, the finer Event-Type header, and what rules call it.
 * Source: `modules/webhook/type.go` of Forgejo, which Gitea shares.
 */
const EVENT_OF_TYPE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    issue_assign: 'issues',
    issue_label: 'issues',
    issue_milestone: 'issues',
    pull_request_assign: 'pull_request',
    pull_request_label: 'pull_request',
    pull_request_milestone: 'pull_request',
    pull_request_sync: 'pull_request',
    pull_request_review_request: 'pull_request',
    pull_request_comment: 'issue_comment',
    pull_request_review_approved: 'pull_request_approved',
    pull_request_review_rejected: 'pull_request_rejected',
    // The type pull_request_comment is a comment on a pull request, but the event pull_request_comment is a review.
    pull_request_review_comment: 'pull_request_comment',
  }),
)

/** The three events that are a finished review; the forge's action for all of them is `reviewed`. */
const REVIEW_ACTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pull_request_approved: 'approved',
    pull_request_rejected: 'rejected',
    pull_request_comment: 'commented',
  }),
)

/** The event and action that rules speak of. An event nobody knows is kept as it is; it matches no rule. */
export function nameEvent(
  event: string,
  eventType: string | null,
  action: string | null,
): { readonly event: string; readonly action: string | null } {
  const type = eventType ?? ''
  // Packages come with an empty Event header; then the type is all there is.
  const name = event === '' ? (EVENT_OF_TYPE.get(type) ?? type) : event
  const review = REVIEW_ACTIONS.get(name)
  return review === undefined ? { event: name, action } : { event: 'pull_request_review', action: review }
}
