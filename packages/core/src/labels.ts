/**
 * Matching of what a task needs (`requires`) against what an agent offers (`labels`): a task fits when every required
 * label is offered. Labels are compared exactly; they are brought to one spelling where they enter the system.
 */
export function fits(requires: readonly string[], labels: readonly string[]): boolean {
  return missingLabels(requires, labels).length === 0
}

/** The required labels that the agent does not offer, in the task's order. */
export function missingLabels(requires: readonly string[], labels: readonly string[]): string[] {
  const offered = new Set(labels)
  return requires.filter((label) => !offered.has(label))
}

/** One spelling for labels: trimmed, lower case, without duplicates, sorted. `Linux ` and `linux` are the same label. */
export function normalizeLabels(labels: readonly string[]): string[] {
  const spelled = labels.map((label) => label.trim().toLowerCase()).filter((label) => label !== '')
  return [...new Set(spelled)].sort()
}

/** One text for a set of labels, in whatever order they come. */
export function labelSetKey(labels: readonly string[]): string {
  return JSON.stringify([...labels].sort())
}
