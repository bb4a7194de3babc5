import type { FileFacts, FileKind } from './file-facts.ts'

/** A number that looks like a version, without what binds it (`^`, `>=`), and what is around it on its line. */
export interface NumberOnLine {
  readonly number: string
  readonly before: string
  readonly after: string
}

/** Whether a number is a version: `yes` where its form, its key or its file says so, `perhaps` where it is only written like one. */
export function isVersion(one: NumberOnLine, file: FileFacts): 'yes' | 'perhaps' | 'no' {
  const isSaid = isOfVersions(file) || keyed.test(one.before) || bound.test(one.before) || isUsualIn(file.kind, one)
  if (fourParts.test(one.number)) return isSaid && !atHome.test(one.number) ? 'yes' : 'no'
  if (isSaid || hasForm.test(one.number)) return 'yes'
  return isQuoted(one) ? 'perhaps' : 'no'
}

/** Whether a file is one of nothing but versions. */
export const isOfVersions = ({ path }: FileFacts): boolean => ofVersions.test(path)

const ofVersions =
  /(?:^|\/)\.?(?:[\w-]+[-_.])?versions?(?:\.(?:txt|toml|json|ya?ml|env|properties))?$|(?:^|\/)\.nvmrc$/i

const fourParts = /^\d+(?:\.\d+){3}$/
/** Addresses of networks at home. */
const atHome = /^(?:0|10|127|169|172|192|255)\./

/** Three parts, a single one (which nothing but its place made one), or a word in front or behind. */
const hasForm = /^v|^\d+$|^\d+(?:\.\d+){2}|\.x\b|\d[-.+]?(?:dev|alpha|beta|rc|[ab]\d|pre|post|snapshot|final)/i

/** A key that says version in front of the number, perhaps with others between. */
const keyed =
  /(?:(?<![a-z])version\w*|Version\w*|(?<![A-Z])VERSION\w*|(?<![A-Za-z])(?:rev|tag|ver|release|REV|TAG|VER|RELEASE))["']?\s*[:=>]/

/** Signs that bind a version, or the name of a package or an image: `~1.2`, `>= 1.2` in quotes, `name==1.2`, `name@1.2`, `image: name:1.2`. */
const bound = /(?:\^|~>?\s*|["'][<>]=?\s*|["']=|[\w\])]==|@|\S[\s"'/:=]+[a-z][\w.-]*:)$/i

function isUsualIn(kind: FileKind, one: NumberOnLine): boolean {
  if (kind === 'automation') return runtime.test(one.before)
  if (kind === 'changelog') return heading.test(one.before + one.number + one.after)
  return kind === 'manifest' && (isQuoted(one) || compared.test(one.before))
}

const runtime =
  /(?:^|[\s"'{,-])(?:python|node|nodejs|node_js|ruby|php|perl|java|jdk|go|golang|rust|dotnet|elixir|otp|scala|julia|deno|bun)["']?\s*[:=]/
const heading = /^(?:#{1,6}\s|=+\s|version\b|\[?v?\d[\w.+-]*\]?\s*(?:$|[-–—(:]))/i
const compared = /[<>=~!]=\s*$|[<>]\s*$|^\s*(?:go|toolchain)\s+$/

const isQuoted = ({ before, after }: NumberOnLine): boolean => /["'`]$/.test(before) && /^["'`]/.test(after)
