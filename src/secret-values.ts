import { readFileSync, statSync } from 'node:fs'
import { join, normalize, sep } from 'node:path'
import { homeFolder } from './home-folder.ts'
import { type Secret, shortestSecret } from './secret-forms.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Those of the variables, and of the files in the home folder, that hold something that can be hidden. */
export function secretsIn(names: readonly string[], environment: Environment): readonly Secret[] {
  return [...new Set(names)].flatMap((name) => {
    if (!isVariable(name)) return tokensIn(name, environment)
    const value = environment[name] ?? ''
    return value.length < shortestSecret ? [] : [{ name, value }]
  })
}

const isVariable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

const largestBytes = 256 * 1024
const mostTokens = 20
/** What keys and tokens look like; words, dates and addresses do not. */
const token = /[A-Za-z0-9_~+/.-]{20,}=*/g
const isMixed = (text: string): boolean => [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(text))

/** What a file of credentials holds is known by its looks alone. */
function tokensIn(name: string, environment: Environment): readonly Secret[] {
  const tokens = (fileIn(name, environment).match(token) ?? []).filter(isMixed)
  const longest = [...new Set(tokens)].toSorted((one, other) => other.length - one.length)
  return longest.slice(0, mostTokens).map((value) => ({ name, value }))
}

function fileIn(name: string, environment: Environment): string {
  const path = normalize(name.replace(/^~\//, ''))
  if (path === '..' || path.startsWith(`..${sep}`)) return ''
  const place = join(homeFolder(environment), path)
  try {
    return statSync(place).size > largestBytes ? '' : readFileSync(place, 'latin1')
  } catch {
    return '' // it is not there
  }
}
