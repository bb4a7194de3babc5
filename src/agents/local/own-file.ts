import { readOptional, writeInside } from './workspace.ts'

/**
 * Writes a file that the local agent may write again later: never over one that it did not write.
 * @param mark how the file must begin when it is there already
 * @returns null when written, else why not
 */
export async function writeOwn(directory: string, file: string, text: string, mark: string): Promise<string | null> {
  const before = await readOptional(directory, file)
  if (before === text) return null
  if (before !== null && !before.startsWith(mark)) return `${file} is there already and was not written by troupe`
  return writeInside(directory, file, text)
}
