import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gitSettingsFolder, homeForGit } from '../home-folder.ts'
import { findProgram } from '../processes/find-program.ts'
import { gitFolder } from './git-folder.ts'

/**
 * The texts of all files that git may take its configuration from in a repository (git-config(1), "FILES"), its own last; null where
 * only git knows which files these are. Included files are not among them.
 */
export function configurationTexts(directory: string): readonly string[] | null {
  const own = gitFolder(directory)
  const isElsewhere = elsewhere.some((name) => process.env[name] !== undefined)
  if (own === null || isElsewhere || process.platform !== 'linux' || findProgram('git', process.env) !== usual)
    return null
  const others = [
    '/etc/gitconfig',
    join(gitSettingsFolder(process.env), 'config'),
    join(homeForGit(process.env), '.gitconfig'),
    join(own, 'config.worktree'),
  ].filter((file) => existsSync(file))
  try {
    return [...others, join(own, 'config')].map((file) => readFileSync(file, 'utf8'))
  } catch {
    return null // git knows what it does about a file that it may not read
  }
}

/** Variables by which git is told of further settings. */
const elsewhere = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_PARAMETERS']

/** A git at this place on Linux has its system's configuration in /etc; where another has it, it was told when it was built. */
const usual = '/usr/bin/git'
