/**
 * What a filter that is required did with a file (gitattributes(5), "filter"), in words for people; null where git failed for another reason.
 * @param folder where git was at work
 */
export function filterFailure(message: string, folder: string): string | null {
  const [, file, filter] = /^(?:.*: )?fatal: (.+): clean filter '(.+)' failed$/m.exec(message) ?? []
  if (file === undefined || filter === undefined) return null
  const [, said = ''] = message.split(` in ${folder}: `)
  const [words = ''] = said.split(/^(?:error: external filter|fatal: )/m)
  const reason = words.trim() === '' ? '' : `: ${words.trim()}`
  return `the filter ${filter}, which .gitattributes names for ${file}, failed (filter.${filter}.clean)${reason}`
}
