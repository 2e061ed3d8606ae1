/** What a sample is about; the rest of it is made up. */
export interface SampleFacts {
  /** owner/name */
  readonly repository: string
  readonly sender: string
  readonly labels: readonly string[]
  /** undefined: what usually triggers a rule of that event. */
  readonly action: string | undefined
  readonly comment: string
}

export const SAMPLE_EVENTS = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_review',
  'push',
  'release',
] as const
export type SampleEvent = (typeof SAMPLE_EVENTS)[number]

const FORGE = 'https://forge.example.org'
const COMMIT = 'a9a6c3719478d4db373e38de796becabcca710d2'
const COMMIT_BEFORE = '5ef3fd2bdeb22048067fd7bfafe620ec65c0b9c7'

/** The payload of a delivery: the parts that rules and templates read, in the shape in which Forgejo and Gitea send them. */
export function samplePayload(event: SampleEvent, facts: SampleFacts): Readonly<Record<string, unknown>> {
  const { repository, sender, action, comment } = facts
  const home = `${FORGE}/${repository}`
  const common = {
    repository: {
      full_name: repository,
      html_url: home,
      clone_url: `${home}.git`,
      ssh_url: `ssh://git@forge.example.org/${repository}.git`,
      default_branch: 'main',
    },
    sender: { login: sender },
  }
  switch (event) {
    case 'issues':
      return { action: action ?? 'opened', issue: issue(home, facts), ...common }
    case 'issue_comment': {
      const body = { body: comment, user: { login: sender } }
      return {
        action: action ?? 'created',
        issue: issue(home, facts),
        comment: body,
        is_pull: false,
        ...common,
      }
    }
    case 'pull_request':
      return { action: action ?? 'opened', number: 7, pull_request: pullRequest(home, facts), ...common }
    case 'pull_request_review':
      return {
        action: action ?? 'rejected',
        pull_request: pullRequest(home, facts),
        review: { type: 'pull_request_review_rejected', content: comment },
        ...common,
      }
    case 'push':
      return {
        ref: 'refs/heads/main',
        before: COMMIT_BEFORE,
        after: COMMIT,
        compare_url: `${home}/compare/${COMMIT_BEFORE}...${COMMIT}`,
        head_commit: { id: COMMIT, message: 'Warm the drive\n\nIt was cold.' },
        ...common,
      }
    case 'release':
      return {
        action: action ?? 'published',
        release: { tag_name: 'v1.0.0', name: 'One', body: 'First.', html_url: `${home}/releases/tag/v1.0.0` },
        ...common,
      }
  }
}

function issue(home: string, facts: SampleFacts) {
  return {
    number: 12,
    title: 'Improbability drive stalls',
    body: 'On cold mornings.',
    html_url: `${home}/issues/12`,
    labels: labels(facts),
    assignee: null,
    assignees: null,
    pull_request: null,
  }
}

function pullRequest(home: string, facts: SampleFacts) {
  return {
    number: 7,
    title: 'Warm the drive',
    body: 'Closes #12',
    html_url: `${home}/pulls/7`,
    labels: labels(facts),
    head: { ref: 'warm', sha: COMMIT },
    base: { ref: 'main' },
  }
}

function labels({ labels: names }: SampleFacts) {
  return names.map((name, index) => ({ id: index + 1, name }))
}
