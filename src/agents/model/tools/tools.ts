import { editFile } from './edit-file.ts'
import { listFiles } from './list-files.ts'
import { patchFile } from './patch-file.ts'
import { readFile } from './read-file.ts'
import { reportFinding } from './report-finding.ts'
import { runCommand } from './run-command.ts'
import { search } from './search.ts'
import type { Tool } from './tool.ts'
import { writeFile } from './write-file.ts'

const looking = [listFiles, readFile, search, reportFinding]

/** The tools for a verb; a review has none that change anything. */
export const toolsFor = (verb: string): ReadonlyMap<string, Tool> =>
  new Map(
    [...looking, ...(verb === 'review' ? [] : [editFile, patchFile, writeFile, runCommand])].map(
      (tool) => [tool.name, tool] as const,
    ),
  )
