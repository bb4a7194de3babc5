import type { Git } from './git.ts'

/** Refs that are locked where they were to be; what is not committed is given up by `close`, and by the end of this process. */
export interface PreparedRefs {
  /** Null once the refs have moved; otherwise what git said. */
  commit(): Promise<string | null>
  close(): Promise<void>
}

/**
 * Locks refs for changes, in the words of `git update-ref --stdin`; nothing moves yet.
 * @returns what git said where a ref is not where it was to be, or cannot be locked
 */
export async function prepareRefs(
  git: Git,
  changes: readonly string[],
): Promise<{ readonly prepared: PreparedRefs } | { readonly refused: string }> {
  const process = git.start(['update-ref', '-m', 'troupe apply', '--stdin'])
  const closed = Promise.withResolvers<void>()
  let answers = ''
  let said = ''
  process.stdin.on('error', () => {}) // its end says more
  process.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  process.once('close', closed.resolve).once('error', (error) => {
    said += error.message
    closed.resolve()
  })
  process.stdout.setEncoding('utf8')
  const heard = async (answer: string): Promise<boolean> => {
    const found = Promise.withResolvers<void>()
    const listen = (text: string): void => {
      answers += text
      if (answers.includes(answer)) found.resolve()
    }
    process.stdout.on('data', listen)
    await Promise.race([found.promise, closed.promise])
    process.stdout.off('data', listen)
    return answers.includes(answer)
  }
  const close = async (): Promise<void> => {
    process.stdin.end()
    await closed.promise
  }
  process.stdin.write(['start', ...changes, 'prepare', ''].join('\n'))
  if (!(await heard('prepare: ok\n'))) {
    await close()
    return { refused: said }
  }
  const commit = async (): Promise<string | null> => {
    process.stdin.write('commit\n')
    return (await heard('commit: ok\n')) ? null : said
  }
  return { prepared: { commit, close } }
}
