const units = ['kB', 'MB', 'GB', 'TB'] as const

/** A number of bytes for people: `0 B`, `4.1 kB`, `12 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  const rounded = Number(bytes.toPrecision(3)) // 999,950 are a megabyte
  const power = Math.min(units.length, Math.floor(Math.log10(rounded) / 3))
  const scaled = bytes / 1_000 ** power
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power - 1]}`
}
