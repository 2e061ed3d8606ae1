import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage'])

export interface Document {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export interface CodeBlock {
  /** The nearest heading above it. */
  readonly heading: string
  readonly language: string
  readonly text: string
}

/** Every Markdown file of the repository. */
export async function readDocuments(directory = ''): Promise<Document[]> {
  const entries = await readdir(new URL(directory === '' ? '.' : `${directory}/`, ROOT), {
    withFileTypes: true,
  })
  const documents: Document[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || NOT_OURS.has(entry.name)) continue
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (entry.isDirectory()) documents.push(...(await readDocuments(path)))
    else if (entry.name.endsWith('.md')) documents.push(await readDocument(path))
  }
  return documents
}

export async function readDocument(path: string): Promise<Document> {
  return { path, text: await readFile(fileURLToPath(new URL(path, ROOT)), 'utf8') }
}

/** The fenced code of a document, in its order; indented fences (in lists) are taken out of their indentation. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let heading = ''
  let open: { indent: string; language: string; lines: string[] } | null = null
  for (const line of markdown.split('\n')) {
    const fence = /^(\s*)```(\S*)/.exec(line)
    if (open !== null && fence !== null) {
      blocks.push({ heading, language: open.language, text: open.lines.join('\n') })
      open = null
    } else if (open !== null) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    } else if (fence !== null) {
      open = { indent: fence[1] ?? '', language: fence[2] ?? '', lines: [] }
    } else {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading
    }
  }
  return blocks
}

/** The document without its fenced code. */
export function prose(markdown: string): string {
  return markdown.replaceAll(/^(\s*)```[\s\S]*?^\s*```/gm, '')
}

/** The anchors that a forge makes of the headings: lower case, hyphens for spaces, punctuation left out. */
export function anchors(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
