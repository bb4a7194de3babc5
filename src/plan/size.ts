const units: Readonly<Record<string, number>> = { MB: 1_000_000, GB: 1_000_000_000 }

/** What a size looks like in a manifest. */
export const sizePattern = /^(\d+(?:\.\d+)?)(MB|GB)$/

/** Bytes of a size such as `512MB` or `1.5GB`; null for any other text. */
export function parseSize(text: string): number | null {
  const [, number, unit = ''] = sizePattern.exec(text) ?? []
  return number === undefined ? null : Math.round(Number(number) * (units[unit] ?? 1))
}

/** The shortest text for a number of bytes. */
export function printSize(bytes: number): string {
  const unit = bytes >= 1_000_000_000 ? 'GB' : 'MB'
  return `${bytes / (units[unit] ?? 1)}${unit}`
}
