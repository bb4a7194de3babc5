import { readFileSync } from 'node:fs'

/** The version of this package; its package.json lies two folders up from src/cli and from dist/cli alike. */
export const version = readVersion()

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
