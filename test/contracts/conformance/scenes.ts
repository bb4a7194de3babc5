/** What can happen to every agent, whatever kind it is of: one table, and what each scene must come to. */

/** One thing that an agent does, or that happens to it. */
export type Happening =
  | { readonly does: 'edit'; readonly file: string; readonly text: string }
  | { readonly does: 'say'; readonly text: string }
  /** Shows a sign of life and works on without an end; `deaf` hears no polite stop. */
  | { readonly does: 'work on'; readonly deaf: boolean }
  | { readonly does: 'crash' }
  /** Prints some 20 MB. */
  | { readonly does: 'flood' }
  /** What the provider of its model answers; each once, and the last one always. */
  | { readonly provider: ProviderTrouble }

export type ProviderTrouble =
  | 'asks to slow down'
  | 'breaks'
  | 'drops the stream'
  | 'says nothing'
  | 'refuses the key'
  | 'finds it too long'

/** What a scene comes to; both are patterns. */
export interface Ending {
  /** How the last attempt ended. */
  readonly outcome: object
  /** What lies in the workspace then. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Scene extends Ending {
  readonly happens: readonly Happening[]
  /** It is told to stop, with this grace in milliseconds, as soon as this file is there. */
  readonly stop?: { readonly when: string; readonly graceMs: number }
  /** A failed attempt of a kind that counts against no retry is followed by one more, to which the provider is well. */
  readonly again?: boolean
}

const edit = (file: string): Happening => ({ does: 'edit', file, text: `${file} as it should be\n` })
const done: Happening = { does: 'say', text: 'All done.' }
const holds = (...files: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(files.map((file) => [file, `${file} as it should be\n`]))
const completed = { how: 'completed', summary: /\S/ }
const cancelled = { how: 'cancelled', reason: 'enough' }
const failed = (failure: object): object => ({ how: 'failed', failure: { message: /\S/, signature: /\S/, ...failure } })

export type SceneName = keyof typeof scenes

/** The table. A kind for which a scene ends in another way says so, and why. */
export const scenes = {
  edit: { happens: [edit('a.txt'), done], outcome: completed, files: holds('a.txt') },
  'two-step edit': {
    happens: [edit('a.txt'), edit('b/c.txt'), done],
    outcome: completed,
    files: holds('a.txt', 'b/c.txt'),
  },
  'cancel in the middle': {
    happens: [edit('a.txt'), { does: 'work on', deaf: false }],
    stop: { when: 'a.txt', graceMs: 60_000 },
    outcome: cancelled,
    files: holds('a.txt'),
  },
  'time-out of one that does not listen': {
    happens: [edit('a.txt'), { does: 'work on', deaf: true }],
    stop: { when: 'a.txt', graceMs: 400 },
    outcome: cancelled,
  },
  crash: { happens: [edit('a.txt'), { does: 'crash' }], outcome: failed({ kind: 'crash' }) },
  '429 then success': {
    happens: [{ provider: 'asks to slow down' }, edit('a.txt'), done],
    again: true,
    outcome: completed,
    files: holds('a.txt'),
  },
  '500 from the provider': {
    happens: [{ provider: 'breaks' }],
    outcome: failed({ kind: 'infrastructure', class: 'network' }),
  },
  'dropped stream then success': {
    happens: [{ provider: 'drops the stream' }, edit('a.txt'), done],
    again: true,
    outcome: completed,
    files: holds('a.txt'),
  },
  hang: { happens: [{ provider: 'says nothing' }], outcome: failed({ kind: 'stall' }) },
  'wrong key': { happens: [{ provider: 'refuses the key' }], outcome: failed({ kind: 'agent', class: 'auth' }) },
  'over-long context': {
    happens: [{ provider: 'finds it too long' }],
    outcome: failed({ kind: 'agent', class: 'context' }),
  },
  'output flood': { happens: [{ does: 'flood' }, edit('a.txt'), done], outcome: completed, files: holds('a.txt') },
} as const satisfies Readonly<Record<string, Scene>>

export const sceneNames = Object.keys(scenes) as readonly SceneName[]
