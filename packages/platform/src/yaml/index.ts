export { describeProblems, type FileProblem } from './file-problem.ts'
export { parseYaml, type ParsedYaml } from './parse-yaml.ts'
export * from './yaml-reading.ts'
