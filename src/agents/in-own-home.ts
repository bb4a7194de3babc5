import type { Outcome } from './agent.ts'
import { CredentialMissing, type HomeContents, openHome, type OwnHome } from './own-home.ts'

/** Does the work of an attempt in a home of its own, which is gone afterwards; without a credential that it needs it fails at once. */
export async function inOwnHome(
  contents: HomeContents,
  work: (home: OwnHome) => Promise<Outcome>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Outcome> {
  const home = await openHome(contents, environment).catch(unlessMissing)
  if (home instanceof CredentialMissing) return withoutCredential(home)
  try {
    return await work(home)
  } finally {
    await home.remove()
  }
}

function unlessMissing(error: unknown): CredentialMissing {
  if (error instanceof CredentialMissing) return error
  throw error
}

const withoutCredential = ({ message }: CredentialMissing): Outcome => ({
  how: 'failed',
  failure: { kind: 'agent', class: 'auth', message, signature: `auth ${message}` },
  details: {},
})
