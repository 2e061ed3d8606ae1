/** How long the UTF-8 sequence is that a lead byte begins; 1 for anything that is not a lead byte (RFC 3629). */
function sequenceLength(byte: number): number {
  if (byte >= 0xf0) return 4
  if (byte >= 0xe0) return 3
  if (byte >= 0xc0) return 2
  return 1
}

/**
 * The text of a piece of UTF-8 up to its last whole character, and how many bytes that is: the rest comes with the next
 * piece. At the end of everything (`last`) nothing is held back.
 */
export function wholeCharacters(content: Buffer, last: boolean): { text: string; bytes: number } {
  if (last) return { text: content.toString('utf8'), bytes: content.length }
  for (let back = 1; back <= Math.min(3, content.length); back += 1) {
    const byte = content[content.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const bytes = sequenceLength(byte) > back ? content.length - back : content.length
    return { text: content.toString('utf8', 0, bytes), bytes }
  }
  return { text: content.toString('utf8'), bytes: content.length }
}
