import { kinds } from '../agents/registry.ts'
import { must, TroupeError } from '../errors.ts'
import type { Manifest } from '../plan/task.ts'
import { openRedactor, type Redactor } from '../redaction.ts'
import { shortestSecret } from '../secret-forms.ts'
import { secretsIn } from '../secret-values.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Names of all variables and files whose values nobody may write down: those that a manifest names, and the keys and credentials of its agents. */
function secretNames({ secrets, agents }: Pick<Manifest, 'secrets' | 'agents'>): readonly string[] {
  const ofAgents = [...agents.values()].flatMap(({ kind, options }) => must(kinds, kind).secrets?.(options) ?? [])
  return [...new Set([...secrets, ...ofAgents])]
}

/** Hides the secrets of a manifest. */
export const redactorFor = (manifest: Pick<Manifest, 'secrets' | 'agents'>, environment: Environment): Redactor =>
  openRedactor(secretsIn(secretNames(manifest), environment))

/** What nobody may write down in a run. */
export interface HiddenSecrets {
  /** Of variables. */
  readonly names: readonly string[]
  readonly hide: Redactor
}

/** As this very process has their values: its agents do as well. */
export const hiddenSecrets = (manifest: Manifest): HiddenSecrets => ({
  names: secretNames(manifest),
  hide: redactorFor(manifest, process.env),
})

/** The first variable that a manifest calls a secret and that is not set; null where all are. */
export const missingSecret = ({ secrets }: Pick<Manifest, 'secrets'>, environment: Environment): string | null =>
  secrets.find((name) => (environment[name] ?? '') === '') ?? null

/** What cannot be hidden is not begun with. Throws TroupeError KEY_MISSING or SECRET_TOO_SHORT. */
export function mustHideSecrets(manifest: Pick<Manifest, 'secrets'>, environment: Environment): void {
  const missing = missingSecret(manifest, environment)
  if (missing !== null) throw new TroupeError('KEY_MISSING', `secrets: the variable ${missing} is not set`)
  const short = manifest.secrets.find((name) => (environment[name] ?? '').length < shortestSecret)
  if (short !== undefined)
    throw new TroupeError('SECRET_TOO_SHORT', `secrets: the value of ${short} is too short to hide`)
}

/** @throws TroupeError SECRET_IN_MANIFEST when the text of a manifest holds one of its secrets */
export function mustHoldNoSecret(text: string, manifest: Manifest, environment: Environment): void {
  for (const secret of secretsIn(secretNames(manifest), environment)) {
    if (openRedactor([secret]).text(text) === text) continue
    throw new TroupeError('SECRET_IN_MANIFEST', `the manifest holds the value of ${secret.name}`)
  }
}
