import type { AgentDeclaration, ProviderDeclaration } from './task.ts'
import type { WrittenManifest } from './schema.ts'

type WrittenProvider = NonNullable<WrittenManifest['providers']>[string]
type Known = Pick<ProviderDeclaration, 'account' | 'model' | 'start' | 'concurrency'>

const unknown: Known = { account: null, model: null, start: 4, concurrency: 64 }

/** What is known of providers before anybody was asked; the rest is found out. */
const known: ReadonlyMap<string, Known> = new Map([
  // its users report one to three calls at once, and that accounts are blocked for more
  ['glm-4.7', { account: 'ZAI_API_KEY', model: 'glm-4.7', start: 1, concurrency: 4 }],
  ['openai', { ...unknown, account: 'OPENAI_API_KEY' }],
  ['anthropic', { ...unknown, account: 'ANTHROPIC_API_KEY' }],
  ['gemini', { ...unknown, account: 'GEMINI_API_KEY' }],
])

/** Names that need no declaration. */
export const knownProviders: readonly string[] = [...known.keys()]

/** The providers that are declared, and those that agents name without a declaration. */
export function providersOf(
  written: NonNullable<WrittenManifest['providers']>,
  agents: Iterable<AgentDeclaration>,
): ReadonlyMap<string, ProviderDeclaration> {
  const named = [...agents].flatMap(({ provider }) => provider ?? [])
  const names = new Set([...Object.keys(written), ...named])
  return new Map([...names].map((name) => [name, providerOf(name, written[name] ?? {})]))
}

/** A provider with what is known of it by its name where nothing is written. */
export function providerOf(name: string, written: WrittenProvider): ProviderDeclaration {
  const usual = known.get(name) ?? unknown
  const concurrency = written.concurrency ?? usual.concurrency
  return {
    name,
    account: written.account ?? usual.account,
    model: written.model ?? usual.model,
    start: Math.min(usual.start, concurrency),
    concurrency,
    requestsPerMinute: written.requestsPerMinute ?? null,
    tokensPerMinute: written.tokensPerMinute ?? null,
  }
}
