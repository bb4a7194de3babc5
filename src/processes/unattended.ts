/** Never handed on: CI changes what tools do, and these of git's point into another repository than the workspace. */
export const misleading: ReadonlySet<string> = new Set([
  'CI',
  'PWD',
  'OLDPWD',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_PREFIX',
  'GIT_NAMESPACE',
  'GIT_CEILING_DIRECTORIES',
])

/** Nothing may wait for a person: there is no terminal, no editor and nobody to answer. */
export const unattended: Readonly<Record<string, string>> = {
  TERM: 'dumb',
  GIT_EDITOR: 'true',
  EDITOR: 'true',
  VISUAL: 'true',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  PAGER: 'cat',
  // as by git -c: tidying the repository after a commit leaves its lock there when the agent is killed meanwhile
  GIT_CONFIG_PARAMETERS: "'gc.auto=0' 'maintenance.auto=false'",
}
