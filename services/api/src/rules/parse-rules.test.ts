import { describe, expect, it } from '@jest/globals'
import { parseRules } from './parse-rules.ts'
import { describeProblems } from '@switchyard/platform'

function problemsOf(text: string): string[] {
  const parsed = parseRules(text)
  return parsed.ok ? [] : describeProblems('rules.yaml', parsed.problems).split('\n')
}

/** The mistakes of one rule whose other keys are right; its lines begin at line 3. */
function problemsOfRule(lines: string): string[] {
  return problemsOf(`rules:\n  - name: x\n${lines.replace(/^/gm, '    ')}\n`)
}

describe('parseRules', () => {
  it('reads everything a rule can say', () => {
    const parsed = parseRules(`
rules:
  - name: docs
    event: issues
    actions: [opened, label_updated]
    labels: Documentation
    without_labels: [wontfix]
    assignee: marvin
    repositories: [acme/*, '!acme/secret']
    senders: [trillian]
    task:
      title: 'Write: {{issue.title}}'
      prompt: |
        {{issue.body}}
      requires: [Linux, docs, linux]
      priority: 2
      execution_mode: http_pull
      max_attempts: 1
`)
    expect(parsed).toMatchObject({
      ok: true,
      rules: [
        {
          name: 'docs',
          events: ['issues'],
          actions: ['opened', 'label_updated'],
          labels: ['Documentation'],
          withoutLabels: ['wontfix'],
          assignee: 'marvin',
          commentPrefix: null,
          repositories: { patterns: ['acme/*', '!acme/secret'] },
          senders: { patterns: ['trillian'] },
          task: { requires: ['docs', 'linux'], priority: 2, executionMode: 'http_pull', maxAttempts: 1 },
        },
      ],
    })
  })

  it('has a default for everything but name and event', () => {
    const parsed = parseRules('rules: [{ name: all, event: push }]')
    expect(parsed).toMatchObject({
      rules: [
        {
          actions: null,
          labels: [],
          task: { requires: [], priority: 3, executionMode: 'undecided', maxAttempts: 3 },
        },
      ],
    })
  })

  it('allows an explicit “no rules”, and anchors', () => {
    expect(parseRules('rules: []')).toEqual({ ok: true, rules: [] })
    const text =
      'rules:\n  - { name: a, event: push, task: &t { priority: 1 } }\n  - { name: b, event: release, task: *t }'
    expect(parseRules(text)).toMatchObject({ rules: [{ name: 'a' }, { name: 'b', task: { priority: 1 } }] })
  })

  it.each([
    ['', ['rules.yaml:1:1: the file: expected a mapping with the keys rules, got nothing']],
    ['rules:', ['rules.yaml:1:7: rules: expected a list of rules, got nothing']],
    [
      'rules: 3',
      [
        'rules.yaml:1:8: rules: expected a list of rules, got the number 3 (put it in quotes to make it a text)',
      ],
    ],
    ['rules: [x]', [expect.stringContaining('1:9: rules[0]: expected a mapping with the keys name, event')]],
    [
      'rule: []',
      ['rules.yaml:1:1: unknown key “rule”; did you mean “rules”?', expect.stringContaining('got nothing')],
    ],
    ['rules:\n  - name: a\n   event: b', [expect.stringMatching(/^rules\.yaml:\d+:\d+: not valid YAML: /)]],
    ['rules: []\nrules: []', [expect.stringMatching(/^rules\.yaml:2:1: not valid YAML: .*unique/)]],
  ])('refuses %p', (text, expected) => {
    expect(problemsOf(text)).toEqual(expected)
  })

  it.each([
    ['event: issue', '3:12: rules[0].event: unknown event “issue”; did you mean “issues”?'],
    ['event: [push, 3]', '3:19: rules[0].event[1]: expected one of issues, issue_comment'],
    ['event: issues\nlabel: [a]', '4:5: rules[0]: unknown key “label”; did you mean “labels”?'],
    [
      'event: issues\nactions: [labeled]',
      '4:15: rules[0].actions[0]: unknown action of issues “labeled”; did you mean “label_updated”?',
    ],
    ['event: issues\nactions: [opend]', 'did you mean “opened”?'],
    ['event: pull_request\nactions: [synchronize]', 'did you mean “synchronized”?'],
    [
      'event: release\nactions: [zzz]',
      'unknown action of release “zzz”; expected one of published, updated, deleted',
    ],
    ['event: push\nactions: [created]', '4:14: rules[0].actions: push has no actions; leave the key out'],
    ['event: issues\nlabels: [{}]', '4:14: rules[0].labels[0]: expected the name of a label, got a mapping'],
    ['event: issues\nlabels:', '4:12: rules[0].labels: expected the name of a label, got nothing'],
    ['event: issues\nlabels: [2.0]', 'got the number 2 (put it in quotes to make it a text)'],
    ['event: push\nlabels: [a]', '4:13: rules[0].labels: push can never fulfil this'],
    [
      'event: issues\ncomment_prefix: /agent',
      'issues can never fulfil this; it works with issue_comment, pull_request_review',
    ],
    [
      'event: issues\nrepositories: [acme]',
      '4:20: rules[0].repositories[0]: expected owner/name or a pattern',
    ],
    ['event: issues\nassignee: [a, b]', '4:15: rules[0].assignee: expected the login of a user, got a list'],
    ['event: issues\ntask: later', '4:11: rules[0].task: expected a mapping with the keys title, prompt'],
    [
      'event: issues\ntask:\n  priority: 5',
      '5:17: rules[0].task.priority: expected a whole number from 1 to 4, got the number 5',
    ],
    [
      'event: issues\ntask:\n  max_attempts: 101',
      'rules[0].task.max_attempts: expected a whole number from 1 to 100',
    ],
    [
      'event: issues\ntask:\n  execution_mode: ssh',
      '5:23: rules[0].task.execution_mode: unknown execution mode “ssh”',
    ],
    ['event: issues\ntask:\n  promt: x', '5:7: rules[0].task: unknown key “promt”; did you mean “prompt”?'],
    ['event: issues\ntask:\n  title: "{{issue.title"', '5:14: rules[0].task.title: the template is broken'],
    [
      'event: issues\ntask:\n  prompt: |\n    one\n\n    {{#issue}} two',
      '8:1: rules[0].task.prompt: the template is broken',
    ],
  ])('refuses %p', (lines, expected) => {
    const problems = problemsOfRule(lines)
    expect(problems).toEqual([expect.stringContaining(expected)])
  })

  it('refuses names that are missing, odd or taken', () => {
    const problems = problemsOf(
      'rules:\n- event: push\n- { name: A b, event: push }\n- { name: c, event: push }\n- { name: c, event: push }',
    )
    expect(problems).toEqual([
      expect.stringMatching(/2:3: rules\[0\]\.name: expected a name of lower-case .* got nothing/),
      expect.stringContaining('3:11: rules[1].name: expected a name of lower-case'),
      'rules.yaml:5:3: rules[3]: the name “c” is taken by the rule in line 4',
    ])
  })

  it('names all mistakes together, in the order of the file', () => {
    const problems = problemsOfRule(
      'actions: [opened]\nlabells: [a]\nevent: issue\ntask: { priority: 9, title: "{{" }',
    )
    expect(problems.map((problem) => problem.split(':')[1])).toEqual(['4', '5', '6', '6'])
  })
})
