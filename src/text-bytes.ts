/** Characters of a piece at most, and bytes for as many. */
const [mostCharacters, mostBytes] = [65_536, 3 * 65_536]

/**
 * The UTF-8 of a text, a part at a time; each is there until the next is asked for. A long text that is turned as a whole takes as much
 * memory once more, and malloc, when so much was given back to it once, keeps it the next time (mallopt(3), M_MMAP_THRESHOLD).
 */
export function* bytesOf(text: string): Generator<Uint8Array> {
  if (text.length <= mostCharacters) yield Buffer.from(text)
  else yield* bytesOfParts(text)
}

function* bytesOfParts(text: string): Generator<Uint8Array> {
  const room = Buffer.allocUnsafeSlow(mostBytes)
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = from + mostCharacters
    if (isFirstOfPair(text.charCodeAt(to - 1))) to -= 1
    yield room.subarray(0, room.write(text.slice(from, to)))
  }
}

/** The first half of what UTF-16 has two units for. */
const isFirstOfPair = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
