import type { Output } from '../output/output.ts'

/** The options of every list. */
export interface PageOptions {
  readonly limit: number
  readonly all?: boolean | undefined
}

interface PageQuery {
  readonly limit: number
  readonly cursor: string | undefined
}

const MOST_PER_PAGE = 200

/**
 * Reads a list: as many as asked for, or all. Shows each page as it comes; whoever was not shown everything reads on standard error
 * how to see the rest.
 */
export async function readPages<Page extends { readonly next_cursor: string | null }>(
  out: Output,
  { limit, all = false }: PageOptions,
  read: (query: PageQuery) => Promise<Page>,
  render: (page: Page) => string,
): Promise<void> {
  let cursor: string | undefined
  let left = all ? Number.POSITIVE_INFINITY : limit
  for (;;) {
    const page = await read({ limit: Math.min(left, MOST_PER_PAGE), cursor })
    out.show(page, () => render(page))
    left -= MOST_PER_PAGE
    if (page.next_cursor === null) return
    if (left <= 0) {
      if (!out.isJson) out.note(out.style.dim('There are more: --limit shows more of them, --all all.'))
      return
    }
    cursor = page.next_cursor
  }
}
