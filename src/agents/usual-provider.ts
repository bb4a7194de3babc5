/** Whose limits an agent's calls share where it has the usual key. */
export interface UsualProvider {
  /** Name of the variable. */
  readonly key: string
  readonly provider: string
}

/** The provider of an agent that has its usual key, and is not told to ask elsewhere. */
export function usualProviderOf(
  usual: UsualProvider | null,
  credentials: readonly string[],
  env: Readonly<Record<string, string>>,
): string | null {
  if (usual === null || !credentials.includes(usual.key)) return null
  return Object.keys(env).some((name) => name.endsWith('_BASE_URL')) ? null : usual.provider
}
