/**
 * Makes an object out of the one that it was stored as a difference to (gitformat-pack(5), "Deltified representation").
 * @param most bytes that it may have
 * @throws RangeError where the two do not belong together, or it would be larger
 */
export function applyDelta(base: Buffer, delta: Buffer, most: number): Buffer {
  const from = readSize(delta, 0)
  const to = readSize(delta, from.end)
  if (to.size > most) throw new RangeError('the object is too large')
  if (from.size !== base.length) throw new RangeError('the difference is to another object')
  const result = Buffer.allocUnsafe(to.size)
  let filled = 0
  for (let at = to.end; at < delta.length;) {
    const order = delta[at] ?? 0
    const copy = (order & 0x80) === 0 ? null : readCopy(delta, at)
    const [source, start, length] = copy === null ? [delta, at + 1, order] : [base, copy.from, copy.length]
    if (length === 0 || start + length > source.length) throw new RangeError('the difference is not whole')
    source.copy(result, filled, start, start + length)
    filled += length
    at = copy?.end ?? at + 1 + order
  }
  if (filled !== to.size) throw new RangeError('the difference is not whole')
  return result
}

interface Copy {
  readonly from: number
  readonly length: number
  readonly end: number
}

/** Which bytes of its place and length are there tells the order to copy. */
function readCopy(delta: Buffer, at: number): Copy {
  const order = delta[at] ?? 0
  let end = at + 1
  const take = (bits: readonly number[]): number =>
    bits.reduce(
      (sum, bit, place) => ((order & (1 << bit)) === 0 ? sum : sum + byteAt(delta, end++) * 2 ** (8 * place)),
      0,
    )
  const from = take([0, 1, 2, 3])
  const length = take([4, 5, 6])
  return { from, length: length === 0 ? 0x10000 : length, end }
}

/** Seven bits a byte, the low ones first. */
function readSize(bytes: Buffer, at: number): { readonly size: number; readonly end: number } {
  let [size, factor, end] = [0, 1, at]
  for (let more = true; more; end += 1, factor *= 128) {
    const byte = byteAt(bytes, end)
    size += (byte & 0x7f) * factor
    more = byte >= 0x80
  }
  return { size, end }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('the difference is not whole')
  return byte
}
